// The list of referrers over the real ports: what the index holds, and how large a page may become.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type Digest, digestOf } from "../../src/model/digest.ts";
import { listReferrers, type ReferrersRequest } from "../../src/registry/referrers.ts";
import { Scope } from "../support/scope.ts";
import { bytes, configType, descriptor, digestFor, index, ociImage, ociIndex } from "./builders.ts";
import { openWorld, repo, type World } from "./world.ts";

const app = repo("team/app");
const subject = digestFor("subject");
const about = descriptor("subject", { mediaType: ociImage });
const everything: ReferrersRequest = { n: 1000, last: null, artifactType: null };
const mebibyte = 1024 * 1024;

let scope: Scope;
let world: World;
beforeEach(async () => {
  scope = new Scope();
  world = await openWorld(scope);
  await world.push(app, bytes("config"));
});
afterEach(() => scope.close());

const image = (change: Record<string, unknown> = {}) => ({
  schemaVersion: 2,
  mediaType: ociImage,
  config: descriptor("config", { mediaType: configType }),
  layers: [],
  subject: about,
  ...change,
});

const push = async (manifest: Readonly<Record<string, unknown>>): Promise<Digest> => {
  const body = bytes(manifest);
  const { digest } = await world.put(app, digestOf(body), body, String(manifest["mediaType"]));
  return digest;
};

async function list(changes: Partial<ReferrersRequest> = {}) {
  const page = await listReferrers(world, app, subject, { ...everything, ...changes });
  const { manifests, ...rest } = JSON.parse(page.index);
  expect(rest).toEqual({ schemaVersion: 2, mediaType: ociIndex });
  const entries: Record<string, unknown>[] = manifests;
  return { entries, next: page.next, bytes: Buffer.byteLength(page.index) };
}

describe("listReferrers", () => {
  test("returns images and indexes with their own annotations and artifact type", async () => {
    const annotations = { "org.example.a": 'b"\n\u{1f4e6}' };
    const typed = image({ artifactType: "application/spdx+json", annotations });
    const untyped = image();
    const typedIndex = index({ manifests: [], subject: about, artifactType: "a/b", annotations });
    const untypedIndex = index({ manifests: [], subject: about });
    const pushed = [typed, untyped, typedIndex, untypedIndex];
    for (const manifest of pushed) await push(manifest);

    const { entries, next } = await list();

    const described = (manifest: (typeof pushed)[number], more: object) => ({
      mediaType: manifest.mediaType,
      digest: digestOf(bytes(manifest)),
      size: bytes(manifest).byteLength,
      ...more,
    });
    const expected = [
      described(typed, { artifactType: "application/spdx+json", annotations }),
      described(untyped, { artifactType: configType }),
      described(typedIndex, { artifactType: "a/b", annotations }),
      described(untypedIndex, {}),
    ];
    expect(entries).toEqual(expected.toSorted((a, b) => (a.digest < b.digest ? -1 : 1)));
    expect(next).toBeNull();
  });

  test.each([
    [{ a: "b", nothing: null }, { a: "b" }],
    [{}, undefined],
    [null, undefined],
  ])("of annotations %j shows %j", async (annotations, shown) => {
    await push(image({ annotations }));
    await push(index({ manifests: [], subject: about, annotations }));

    const { entries } = await list();

    expect(entries.map((entry) => entry["annotations"])).toEqual([shown, shown]);
  });

  test.each([
    [{ a: "b", n: 1, o: { a: "b" }, nothing: null }, { a: "b" }],
    [{ n: 1 }, undefined],
    [["a"], undefined],
    ["a", undefined],
    [7, undefined],
  ])(
    "of an unknown type, with annotations %j, has %j: values that are no strings are left out",
    async (annotations, shown) => {
      await push({ mediaType: "application/vnd.example+json", subject: about, annotations });

      const { entries } = await list();

      expect(entries.map((entry) => entry["annotations"])).toEqual([shown]);
    },
  );

  test("returns manifests of any type that have a subject", async () => {
    const artifact = "application/vnd.oci.artifact.manifest.v1+json";
    await push({ ...about, mediaType: artifact, artifactType: "a/b", subject: about });
    await push({ mediaType: "application/vnd.example+json", subject: about });
    await push({ mediaType: "application/vnd.example+json", subject: "a text" });

    const { entries } = await list();

    expect(entries.map(({ mediaType }) => mediaType).toSorted()).toEqual([
      "application/vnd.example+json",
      artifact,
    ]);
  });

  test("returns each referrer once over all pages, also by type", async () => {
    const digests: Digest[] = [];
    for (let number = 0; number < 7; number += 1) {
      digests.push(await push(image({ artifactType: "a/b", number })));
      await push(image({ artifactType: "a/c", number }));
    }
    for (const n of [1, 3, 7, 8]) {
      const seen: unknown[] = [];
      for (let last: string | null = null; ; ) {
        const { entries, next } = await list({ n, last, artifactType: "a/b" });
        seen.push(...entries.map(({ digest }) => digest));
        if (next === null) break;
        last = next;
      }
      expect(seen).toEqual(digests.toSorted());
    }
    expect(await list({ n: 0 })).toMatchObject({ entries: [], next: null });
  });

  test("keeps a page below 4 MiB, the most that clients read", async () => {
    const digests: Digest[] = [];
    for (let number = 0; number < 6; number += 1) {
      const annotations = { number: String(number), text: "x".repeat(mebibyte) };
      digests.push(await push(image({ annotations })));
    }
    const pages: { entries: unknown[]; bytes: number }[] = [];
    for (let last: string | null = ""; last !== null; ) {
      const page: Awaited<ReturnType<typeof list>> = await list({ last });
      pages.push(page);
      last = page.next;
    }

    expect(pages.map(({ entries }) => entries.length)).toEqual([2, 2, 2]);
    expect(Math.max(...pages.map((page) => page.bytes))).toBeLessThan(4 * mebibyte);
  });

  test("returns a manifest whose annotations alone fill a page", async () => {
    const annotations = { text: "x".repeat(4 * mebibyte - 1000) };
    const large = await push(image({ annotations }));
    const small = await push(image());

    const first = await list();
    const second = await list({ last: first.next });

    const seen = [...first.entries, ...second.entries].map(({ digest }) => digest);
    expect(seen.toSorted()).toEqual([large, small].toSorted());
    expect(Math.max(first.bytes, second.bytes)).toBeLessThanOrEqual(4 * mebibyte);
  });

  test("returns descriptors below 1 KiB, so that 1000 fit with 3 MiB of annotations", async () => {
    const mediaType = `application/${"x".repeat(238)}+json`;
    const body = bytes({ mediaType, artifactType: '"'.repeat(255), subject: about });
    await world.put(app, digestOf(body, "sha512"), body, mediaType);

    const { entries } = await list();

    expect(mediaType).toHaveLength(255);
    expect(JSON.stringify(entries).length).toBeLessThan(1024);
  });
});
