// What is remembered of manifests for lists: it may take no more memory than it is worth, whatever was pushed.
import { expect, test } from "bun:test";
import { Facts } from "../../src/images/facts.ts";
import type { StoredManifest } from "../../src/metadata/metadata.ts";
import { digestOf } from "../../src/model/digest.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import { bytes, digestFor, ociIndex } from "../registry/builders.ts";
import { Scope } from "../support/scope.ts";
import { openStore } from "../support/store.ts";

const app = parseRepositoryName("team/app");

/** An index of so many platforms. */
function indexOf(platforms: number, name: string): StoredManifest {
  const manifests = Array.from({ length: platforms }, (_, at) => ({
    ...{ mediaType: "application/vnd.oci.image.manifest.v1+json", digest: digestFor("x"), size: 1 },
    platform: { os: "linux", architecture: `${name}-${at}` },
  }));
  const body = bytes({ schemaVersion: 2, mediaType: ociIndex, manifests });
  return {
    digest: digestOf(body),
    mediaType: ociIndex,
    size: body.byteLength,
    body,
  };
}

/** Facts over rows that a test gives; counts how often they are read. */
async function openFacts(scope: Scope) {
  const store = await openStore();
  scope.defer(() => store.remove());
  const { registry } = store.rooms;
  let [row, reads] = [indexOf(1, "none"), 0];
  const findManifest = async () => {
    reads += 1;
    return row;
  };
  const facts = new Facts({ ...registry, metadata: { ...registry.metadata, findManifest } });
  /** @returns the number of platforms, and how often the row was read for it. */
  return async (manifest: StoredManifest, digest = manifest.digest) => {
    const before = reads;
    row = manifest;
    const found = await facts.of(app, digest);
    return [found?.platforms.length, reads - before];
  };
}

test("an index of thousands of platforms is listed, and takes no memory afterwards", async () => {
  await using scope = new Scope();
  const ask = await openFacts(scope);
  const [usual, huge] = [indexOf(6, "arm"), indexOf(20_000, "odd")];

  expect([await ask(usual), await ask(usual)]).toEqual([
    [6, 1],
    [6, 0],
  ]);
  expect([await ask(huge), await ask(huge)]).toEqual([
    [20_000, 1],
    [20_000, 1],
  ]);
});

test("of the manifests that were listed 20,000 are remembered, the latest ones", async () => {
  await using scope = new Scope();
  const ask = await openFacts(scope);
  const manifest = indexOf(1, "arm");
  const digest = (at: number) => digestFor(`manifest ${at}`);

  for (let at = 0; at <= 20_000; at += 1) await ask(manifest, digest(at));

  expect(await ask(manifest, digest(1))).toEqual([1, 0]);
  expect(await ask(manifest, digest(20_000))).toEqual([1, 0]);
  expect(await ask(manifest, digest(0))).toEqual([1, 1]);
});
