// Manifests over the real ports: what is accepted with which references, and what comes back.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RegistryError } from "../../src/errors.ts";
import { digestOf } from "../../src/model/digest.ts";
import { maxDescriptors } from "../../src/registry/manifest.ts";
import { getManifest, putManifest, statManifest } from "../../src/registry/manifests.ts";
import { Scope } from "../support/scope.ts";
import {
  bytes,
  configType,
  descriptor,
  digestFor,
  image,
  index,
  ociImage,
  ociIndex,
} from "./builders.ts";
import { openWorld, ref, repo, tag, type World } from "./world.ts";

const app = repo("team/app");
let scope: Scope;
let world: World;

beforeEach(async () => {
  scope = new Scope();
  world = await openWorld(scope);
});
afterEach(() => scope.close());

/** Pushes the content that `image()` refers to. */
async function pushContent(): Promise<void> {
  for (const text of ["config", "layer one", "layer two"]) await world.push(app, bytes(text));
}

/** The error a promise ends with. */
async function failure(promise: Promise<unknown>): Promise<RegistryError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof RegistryError)) throw new Error(`not a RegistryError: ${error}`);
  return error;
}

describe("putManifest", () => {
  test("stores the exact bytes under the tag and under the digest", async () => {
    await pushContent();
    const body = bytes(`\t${JSON.stringify(image(), null, "\t")}\r\n`);

    const receipt = await world.put(app, "v1", body);

    const digest = digestOf(body);
    expect(receipt).toEqual({
      digest,
      subject: null,
      size: body.byteLength,
      contentSize: 24,
      references: 3,
      deprecations: [],
    });
    const expected = { digest, mediaType: ociImage, size: body.byteLength };
    for (const reference of ["v1", digest]) {
      const { body: stored, ...summary } = await getManifest(world, app, ref(reference));
      expect(Buffer.from(stored)).toEqual(Buffer.from(body));
      expect(summary).toEqual(expected);
      expect(await statManifest(world, app, ref(reference))).toEqual(expected);
    }
  });

  test("stores every accepted text byte for byte", async () => {
    await pushContent();
    const spacing = fc.array(fc.constantFrom(" ", "\n", "\t", "\r\n"), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        spacing,
        spacing,
        fc.string({ unit: "grapheme" }),
        async (before, after, note) => {
          const text = JSON.stringify(image({ annotations: { note } }));
          const body = bytes(`${before.join("")}${text}${after.join("")}`);
          const { digest } = await world.put(app, "any", body);
          const stored = await getManifest(world, app, ref("any"));
          expect(stored.digest).toBe(digest);
          expect(Buffer.from(stored.body).equals(body)).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  test("moves a tag and keeps the manifest it named before", async () => {
    await pushContent();
    const first = await world.put(app, "latest", bytes(image()));
    const second = await world.put(app, "latest", bytes(image({ annotations: { a: "b" } })));

    expect((await statManifest(world, app, ref("latest"))).digest).toBe(second.digest);
    expect((await statManifest(world, app, ref(first.digest))).digest).toBe(first.digest);
  });

  test("sets further tags in the same transaction", async () => {
    await pushContent();
    const body = bytes(image());
    const upload = { repository: app, mediaType: null, body, by: null, origin: null };

    await putManifest(world, { ...upload, reference: ref("a"), tags: [tag("b"), tag("a")] });
    await putManifest(world, { ...upload, reference: ref(digestOf(body)), tags: [tag("c")] });

    const page = await world.metadata.listTags(app, { after: null, limit: 10 });
    expect(page?.names).toEqual([tag("a"), tag("b"), tag("c")]);
  });

  test.each(["sha256", "sha512"] as const)(
    "accepts a %s digest that fits the bytes",
    async (algorithm) => {
      await pushContent();
      const body = bytes(image());
      const digest = digestOf(body, algorithm);

      expect((await world.put(app, digest, body)).digest).toBe(digest);
      expect((await getManifest(world, app, ref(digest))).digest).toBe(digest);
    },
  );

  test("refuses a digest that does not match the bytes, before it parses them", async () => {
    const error = await failure(world.put(app, digestFor("other"), bytes("not even JSON")));

    expect(error.situation).toBe("DIGEST_INVALID");
    expect(error.message).toContain(digestOf(bytes("not even JSON")));
  });

  test.each([
    ["config", "config"],
    ["first layer", "layer one"],
    ["last layer", "layer two"],
  ])("refuses an image whose %s is missing, and stores nothing", async (_, absent) => {
    for (const text of ["config", "layer one", "layer two"]) {
      if (text !== absent) await world.push(app, bytes(text));
    }

    const error = await failure(world.put(app, "v1", bytes(image())));

    expect(error.situation).toBe("MANIFEST_BLOB_UNKNOWN");
    expect(error.detail).toEqual({ missing: [digestFor(absent)], count: 1 });
    expect(error.message).toContain(`team/app does not hold blob ${digestFor(absent)}`);
    expect((await failure(getManifest(world, app, ref("v1")))).situation).toBe("MANIFEST_UNKNOWN");
    expect(await world.metadata.listRepositories({ after: null, limit: 10 })).toMatchObject({
      names: [],
    });
  });

  test("reports content that only another repository holds as missing", async () => {
    const other = repo("other");
    for (const text of ["config", "layer one", "layer two"]) await world.push(other, bytes(text));

    const error = await failure(world.put(app, "v1", bytes(image())));

    expect(error.situation).toBe("MANIFEST_BLOB_UNKNOWN");
    expect(error.message).toContain("and 2 more");
  });

  test("lists at most 100 missing digests, with their total", async () => {
    const layers = Array.from({ length: 150 }, (_, i) => descriptor(`layer ${i}`));

    const error = await failure(world.put(app, "v1", bytes(image({ layers }))));

    expect(error.detail).toMatchObject({ count: 151 });
    expect((error.detail as { missing: unknown[] }).missing).toHaveLength(100);
  });

  test("refuses a size that differs from the stored one", async () => {
    await pushContent();
    const layers = [descriptor("layer one", { size: 10 })];

    const error = await failure(world.put(app, "v1", bytes(image({ layers }))));

    expect(error.situation).toBe("DESCRIPTOR_SIZE_INVALID");
    expect(error.message).toContain("has 10 bytes, but 9 are stored");
  });

  test("accepts missing foreign layers and a missing subject", async () => {
    await pushContent();
    const mediaType = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
    const layers = [descriptor("foreign", { mediaType })];
    const subject = descriptor("subject", { mediaType: ociImage });

    const receipt = await world.put(app, "v1", bytes(image({ layers, subject })));

    expect(receipt.subject).toBe(digestFor("subject"));
  });

  test("accepts an index whose children are manifests and blobs of its repository", async () => {
    await pushContent();
    const child = bytes(image());
    const { digest, size } = await world.put(app, digestOf(child), child);
    await world.push(app, bytes("cache"));
    const manifests = [{ mediaType: ociImage, digest, size }, descriptor("cache")];

    const receipt = await world.put(app, "multi", bytes(index({ manifests })), ociIndex);

    expect(receipt.references).toBe(2);
  });

  test("refuses an index without its children", async () => {
    const error = await failure(world.put(app, "multi", bytes(index()), ociIndex));
    expect(error.situation).toBe("MANIFEST_BLOB_UNKNOWN");
    expect(error.message).toContain(`does not hold manifest ${digestFor("amd64")} and 1 more`);
  });

  test("refuses a manifest one byte above the limit, whatever it contains", async () => {
    const small = { ...world, manifestMaxBytes: 100 };
    const upload = {
      repository: app,
      reference: ref("v1"),
      mediaType: "application/json",
      tags: [],
      by: null,
      origin: null,
    };
    const ofSize = (size: number) => bytes(`{"a":"${"x".repeat(size - 8)}"}`);

    const receipt = await putManifest(small, { ...upload, body: ofSize(100) });
    expect(receipt.size).toBe(100);

    const error = await failure(putManifest(small, { ...upload, body: ofSize(101) }));
    expect(error.situation).toBe("MANIFEST_TOO_LARGE");
    expect(error.message).toContain("100");
  });

  test("accepts as many different descriptors as the limit, and refuses them while one is missing", async () => {
    const config = { ...descriptor("config", { mediaType: configType }) };
    await world.push(app, bytes("config"));
    const mediaType = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    const layers = Array.from({ length: maxDescriptors }, (_, i) =>
      descriptor(`${i}`, { mediaType }),
    );

    const receipt = await world.put(app, "wide", bytes(image({ config, layers })));
    expect(receipt.references).toBe(maxDescriptors + 1);

    const needed = [...layers.slice(1), descriptor("needed")];
    const error = await failure(world.put(app, "wide", bytes(image({ config, layers: needed }))));
    expect(error.situation).toBe("MANIFEST_BLOB_UNKNOWN");
  });
});

describe("getManifest and statManifest", () => {
  test("name the requested reference when it is unknown", async () => {
    const digest = digestFor("nothing");
    for (const read of [getManifest, statManifest]) {
      const byTag = await failure(read(world, app, ref("nope")));
      expect(byTag.situation).toBe("MANIFEST_UNKNOWN");
      expect(byTag.message).toBe("team/app has no manifest tag nope");
      const byDigest = await failure(read(world, app, ref(digest)));
      expect(byDigest.message).toBe(`team/app has no manifest ${digest}`);
    }
  });

  test("do not find a manifest of another repository", async () => {
    await pushContent();
    const { digest } = await world.put(app, "v1", bytes(image()));
    const error = await failure(getManifest(world, repo("other"), ref(digest)));
    expect(error.situation).toBe("MANIFEST_UNKNOWN");
  });
});
