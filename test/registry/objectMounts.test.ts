// Mounts of what objects are made of: from which bucket a blob may come, and for how long it is kept.

import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { longestLease } from "../../src/content/lease.ts";
import { type Digest, digestOf } from "../../src/model/digest.ts";
import { parseBucketName } from "../../src/model/objectNames.ts";
import { mountObject } from "../../src/registry/mounts.ts";
import { objectsIn } from "../support/objectStore.ts";
import { leaseMs, openStore } from "../support/store.ts";
import { bytes } from "./builders.ts";
import { repo } from "./world.ts";

const app = repo("team/app");
const hidden = parseBucketName("hidden");
const open = parseBucketName("open");
let store: Awaited<ReturnType<typeof openStore>>;
beforeEach(async () => {
  store = await openStore();
  await objectsIn(store).createBucket(hidden);
  await objectsIn(store).createBucket(open);
});
afterEach(() => store.remove());

const mount = async (digest: Digest, from: typeof open | null) => {
  const size = await mountObject(store.rooms.registry, {
    ...{ repository: app, digest, from },
    mayRead: (bucket) => bucket !== hidden,
  });
  return size !== null;
};
const isHeld = async (digest: Digest) =>
  (await store.rooms.metadata.registry.findBlob(app, digest)) !== null;

describe("a mount from a bucket", () => {
  test("extends the content's lease", async () => {
    const digest = await objectsIn(store).put("open/it", bytes("layer"));
    store.clock.advance(10 * leaseMs);

    expect(await mount(digest, open)).toBe(true);

    using database = new Database(join(store.directory, "breadbox.db"), { readonly: true });
    expect(database.query("SELECT kept_until AS until FROM contents").get()).toEqual({
      until: store.clock.now() + longestLease(leaseMs),
    });
  });

  test("fails without pull permission, as for an unknown object", async () => {
    const digest = await objectsIn(store).put("hidden/it", bytes("secret"));

    expect(await mount(digest, hidden)).toBe(false);
    expect(await mount(digest, null)).toBe(false);
    expect(await isHeld(digest)).toBe(false);

    await objectsIn(store).put("open/it", bytes("secret"));
    expect(await mount(digest, hidden)).toBe(false);
    expect(await mount(digest, null)).toBe(true);
    expect(await isHeld(digest)).toBe(true);
  });

  test("fails for content that no object uses", async () => {
    expect(await mount(digestOf(bytes("nothing")), null)).toBe(false);
    expect(await mount(digestOf(bytes("nothing")), open)).toBe(false);
  });
});
