// Blobs over the real ports: links, damage, and the lease that an answered HEAD promises.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { longestLease } from "../../src/content/lease.ts";
import { RegistryError } from "../../src/errors.ts";
import { openBlob, statBlob } from "../../src/registry/blobs.ts";
import { Scope } from "../support/scope.ts";
import { bytes, digestFor, image, ociImage } from "./builders.ts";
import { leaseMs, openWorld, repo, type World } from "./world.ts";

const app = repo("team/app");
const other = repo("other");
const content = bytes("some layer");
let scope: Scope;
let world: World;

beforeEach(async () => {
  scope = new Scope();
  world = await openWorld(scope);
});
afterEach(() => scope.close());

/** What a promise is refused for. */
async function situation(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof RegistryError)) throw new Error(`not a RegistryError: ${error}`);
  return error.situation;
}

async function read(body: Blob | Uint8Array | null): Promise<string> {
  if (body === null) throw new Error("the bytes are on another machine");
  return new TextDecoder().decode(body instanceof Blob ? await body.bytes() : body);
}

describe("openBlob", () => {
  test("returns the bytes of a blob of this repository", async () => {
    const digest = await world.push(app, content);

    const { body, openReader, ...summary } = await openBlob(world, app, digest);

    const reader = await openReader();
    expect(await read(await reader.read(5, 10))).toBe("layer");
    expect(await reader.read(5, 11).catch(String)).toContain("shorter than its row says");
    await reader.close();
    const mediaType = "application/octet-stream";
    expect(summary).toEqual({ digest, size: 10, mediaType, link: null });
    expect(await read(body)).toBe("some layer");
  });

  test("returns an empty blob", async () => {
    const digest = await world.push(app, new Uint8Array());
    const { size, body } = await openBlob(world, app, digest);
    expect(size).toBe(0);
    expect(await read(body)).toBe("");
  });

  test("does not return content that only another repository holds", async () => {
    const digest = await world.push(other, content);
    expect(await situation(openBlob(world, app, digest))).toBe("BLOB_UNKNOWN");
    expect(await situation(statBlob(world, app, digest))).toBe("BLOB_UNKNOWN");
  });

  test("returns the bytes of a manifest with its own media type", async () => {
    for (const text of ["config", "layer one", "layer two"]) await world.push(app, bytes(text));
    const body = bytes(image());
    const { digest } = await world.put(app, "v1", body);

    const opened = await openBlob(world, app, digest);

    const summary = { digest, size: body.byteLength, mediaType: ociImage };
    expect(opened).toMatchObject(summary);
    expect(await read(opened.body)).toBe(JSON.stringify(image()));
    expect(await statBlob(world, app, digest)).toEqual(summary);
    expect(await situation(openBlob(world, other, digest))).toBe("BLOB_UNKNOWN");
  });
});

describe("damaged content", () => {
  test.each([
    ["openBlob", openBlob],
    ["statBlob", statBlob],
  ] as const)("%s answers 404 when its file is missing, and reports it", async (_, look) => {
    const digest = await world.push(app, content);
    const locator = await world.locatorOf(app, digest);
    await world.storage.content.delete(locator);

    expect(await situation(look(world, app, digest))).toBe("BLOB_UNKNOWN");
    expect(world.damaged).toEqual([{ digest, locator }]);
  });

  test.each([
    ["openBlob", openBlob],
    ["statBlob", statBlob],
  ] as const)("%s answers 404 when its file has another size, and reports it", async (_, look) => {
    const digest = await world.push(app, content);
    const locator = await world.locatorOf(app, digest);
    await world.shorten(locator);

    expect(await situation(look(world, app, digest))).toBe("BLOB_UNKNOWN");
    expect(world.damaged).toEqual([{ digest, locator }]);
  });

  test("is not reported when the content was stored again between two looks", async () => {
    const digest = await world.push(app, content);
    const locator = await world.locatorOf(app, digest);
    await world.storage.content.delete(locator);
    const stale = { size: content.byteLength, locator };
    const fresh = await world.push(repo("elsewhere"), bytes("elsewhere"));
    const renewed = {
      size: "elsewhere".length,
      locator: await world.locatorOf(repo("elsewhere"), fresh),
    };
    const looks = [stale, renewed];
    const metadata = { ...world.metadata, findBlob: async () => looks.shift() ?? renewed };

    expect(await read((await openBlob({ ...world, metadata }, app, digest)).body)).toBe(
      "elsewhere",
    );
    expect(world.damaged).toEqual([]);
  });

  test("is not reported when the content was swept between two looks: it is unknown", async () => {
    const digest = await world.push(app, content);
    const locator = await world.locatorOf(app, digest);
    await world.storage.content.delete(locator);
    const looks = [{ size: content.byteLength, locator }];
    const metadata = { ...world.metadata, findBlob: async () => looks.shift() ?? null };

    expect(await situation(openBlob({ ...world, metadata }, app, digest))).toBe("BLOB_UNKNOWN");
    expect(world.damaged).toEqual([]);
  });

  test("is not reported when the storage cannot be read", async () => {
    const digest = await world.push(app, content);
    const open = () => Promise.reject(new Error("EIO"));
    const unreadable = Object.assign(Object.create(world.storage.content), { open });
    const storage = { ...world.storage, content: unreadable };

    await expect(openBlob({ ...world, storage }, app, digest)).rejects.toThrow("EIO");
    expect(world.damaged).toEqual([]);
  });
});

describe("statBlob", () => {
  test("extends the content's lease to its full length, and does not write it again for a while", async () => {
    const digest = await world.push(app, content);
    world.advance(10 * leaseMs);

    await statBlob(world, app, digest);
    const kept = world.clock() + longestLease(leaseMs);
    expect(await world.keptUntil(digest)).toBe(kept);

    world.advance(leaseMs / 10);
    await statBlob(world, app, digest);
    expect(await world.keptUntil(digest)).toBe(kept);

    world.advance(1);
    await statBlob(world, app, digest);
    expect(await world.keptUntil(digest)).toBe(world.clock() + longestLease(leaseMs));
  });

  test("extends no lease when asked through another repository", async () => {
    const digest = await world.push(app, content);
    const before = await world.keptUntil(digest);
    world.advance(10 * leaseMs);

    await situation(statBlob(world, other, digest));

    expect(await world.keptUntil(digest)).toBe(before);
  });

  test("answers while the store is read-only", async () => {
    const digest = await world.push(app, content);
    world.advance(leaseMs);
    world.latch.trip("a sync failed", null);

    expect((await statBlob(world, app, digest)).size).toBe(content.byteLength);
    expect(await read((await openBlob(world, app, digest)).body)).toBe("some layer");
  });

  test("names the unknown blob and its repository", async () => {
    const digest = digestFor("nothing");
    await expect(statBlob(world, app, digest)).rejects.toThrow(`team/app has no blob ${digest}`);
  });
});
