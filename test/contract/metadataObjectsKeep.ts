// The metadata contract, continued: objects as what keeps content. Who collects, explains and inspects sees them.
import { describe, expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/metadata.ts";
import { keyOf } from "../support/objectStore.ts";
import { backups, part, put as putRow, record, start, withBucket } from "./metadataObjectRows.ts";
import {
  app,
  blob,
  digest,
  finish,
  limitsAt,
  locator,
  manifest,
  minute,
  now,
} from "./metadataRows.ts";

const hour = 60 * minute;
const later = limitsAt(now + 2 * hour, now + hour);
const lock = { name: "gc", now, lastsMs: minute, dead: null, owner: "me" } as const;
const claim = "me";

/** Puts objects of one content, `bucket/name` each; the buckets are made with them. */
async function put(metadata: Metadata, paths: readonly string[], text: string): Promise<void> {
  for (const path of paths) {
    const { bucket, object } = keyOf(path);
    await metadata.objects.createBucket(bucket, now);
    const found = (await metadata.contents.findContent(digest(text))) !== null;
    const outcome = await putRow(metadata, object, text, { bucket, found });
    expect(outcome.kind).toBe("finished");
  }
}

const remove = ({ objects }: Metadata, path: string, at: number) =>
  objects.removeObject({ ...keyOf(path), allows: () => true, now: at });

/** What every implementation promises of objects as usage. */
export function objectsKeepContract(open: () => Promise<Metadata>): void {
  collecting(open);
  explaining(open);
  inspecting(open);
  inspectingUploads(open);
}

function collecting(open: () => Promise<Metadata>): void {
  describe("content of an object", () => {
    test("is not unreferenced until its last object is deleted", async () => {
      const metadata = await open();
      const { collection } = metadata;
      await put(metadata, ["one/a", "one/b", "two/a"], "shared");
      await put(metadata, ["one/a"], "other");
      const unreferenced = async () =>
        (await collection.markWindow(null, 10, later)).unreferenced.map(({ state }) => state);

      expect(await unreferenced()).toEqual([]);
      await remove(metadata, "two/a", now);
      expect(await unreferenced()).toEqual([]);
      await remove(metadata, "one/b", now);
      expect(await unreferenced()).toEqual(["orphaned"]);
    });

    test("is not deleted by the collection's transaction, even when asked to", async () => {
      const metadata = await open();
      const { collection, uploads, contents, locks } = metadata;
      await uploads.finishUpload(finish("kept"));
      await put(metadata, ["one/a"], "kept");
      const outcome = await locks.acquireLock(lock);
      if (outcome.kind === "held") throw new Error("the lock is not free");

      const swept = await collection.discardContents(
        outcome.hold,
        [digest("kept")],
        () => later,
        [],
      );

      expect(swept).toEqual({ discarded: [], links: 0 });
      expect(await contents.findContent(digest("kept"))).not.toBeNull();
    });

    test("is released when its object is removed or gets other content", async () => {
      const metadata = await open();
      const { collection } = metadata;
      await put(metadata, ["one/a"], "first");
      await put(metadata, ["one/a"], "second");
      await remove(metadata, "one/a", now + 3 * hour);

      const { unreferenced } = await collection.markWindow(null, 10, later);

      const states = unreferenced.map((content) => [content.digest, content.state]);
      expect(Object.fromEntries(states)).toEqual({
        [digest("first")]: "orphaned",
        // After the run began.
        [digest("second")]: "young",
      });
    });

    test("does not keep a repository's link", async () => {
      const metadata = await open();
      const { collection, uploads } = metadata;
      await uploads.finishUpload(finish("a"));
      await put(metadata, ["one/a"], "a");

      const { links } = await collection.markWindow(null, 10, later);

      expect(links).toEqual([{ repository: app, digest: digest("a") }]);
    });

    test("is not deleted with the untagged manifest that names it too", async () => {
      const metadata = await open();
      const { uploads, registry, untagged } = metadata;
      for (const name of ["kept", "gone"]) await uploads.finishUpload(finish(name));
      await registry.putManifest(manifest("{}", { references: [blob("kept"), blob("gone")] }));
      await put(metadata, ["one/a"], "kept");

      const planned = await untagged.planUntagged({ pushedBefore: now }, later);

      expect(planned.manifests).toHaveLength(1);
      expect(planned.released).toEqual([{ digest: digest("gone"), size: 100, isExplained: true }]);
    });

    test("may still get a name while its put or completion holds the upload", async () => {
      const metadata = await withBucket(open);
      const { collection, multipartLife } = metadata;
      await multipartLife.startMultipart(start(), claim);
      const stray = { locator: locator("stray"), digest: digest("stray"), publishedAt: now };

      const strays = await collection.findStrays([
        { ...stray, owner: claim },
        { ...stray, owner: "another" },
      ]);

      expect(strays.map(({ awaited }) => awaited)).toEqual([true, false]);
    });
  });
}

function explaining(open: () => Promise<Metadata>): void {
  test("has its objects listed by name, and the number of further ones", async () => {
    const metadata = await open();
    const { usage, manifestInspection } = metadata;
    await put(metadata, ["two/a", "one/b", "one/path/to/a"], "shared");
    await put(metadata, ["one/other"], "other");
    const first = ["one/b", "one/path/to/a"].map(keyOf);

    expect(await usage.listObjects(digest("shared"), 2)).toEqual({ some: first, others: 1 });
    expect((await manifestInspection.holdersOf(digest("shared"), 2)).objects).toEqual({
      some: first,
      others: 1,
    });
    expect(await usage.listObjects(digest("shared"), 3)).toEqual({
      some: [...first, keyOf("two/a")],
      others: 0,
    });
    expect(await usage.listObjects(digest("nothing"), 2)).toEqual({ some: [], others: 0 });
  });
}

function inspecting(open: () => Promise<Metadata>): void {
  test("objects and buckets that are sound give no findings, and are counted", async () => {
    const metadata = await open();
    const { inspection, collection, objectInspection } = metadata;
    await put(metadata, ["one/a", "one/b", "two/a"], "shared");
    await put(metadata, ["one/b"], "other");
    await remove(metadata, "one/a", now);

    expect(await objectInspection.listMisfits(10)).toEqual([]);
    expect(await objectInspection.listMiscounted(10)).toEqual([]);
    expect(await inspection.checkDatabase(true)).toEqual({ faults: [], dangling: [] });
    expect(await inspection.countAll()).toMatchObject({ contents: 2, objects: 2 });
    expect(await collection.findContradiction()).toBeNull();
  });
}

function inspectingUploads(open: () => Promise<Metadata>): void {
  async function openWithPart() {
    const metadata = await withBucket(open);
    const upload = start();
    await metadata.multipartLife.startMultipart(upload, null);
    const key = { bucket: backups, id: upload.id };
    const parts = async () => {
      const listed = await metadata.multipart.listParts(key, { after: 0, limit: 9 });
      return (listed ?? []).map(({ place }) => place.version);
    };
    const receive = async (version: string) => {
      const place = { name: "somewhere", version };
      await record(metadata, key, part(1, { place }));
      return { upload: upload.id, number: 1, version };
    };
    return { metadata, upload, key, parts, receive };
  }

  describe("a multipart upload in an inspection", () => {
    test("is listed by page, and so are puts of one request", async () => {
      const { metadata, upload } = await openWithPart();
      const whole = start();
      await metadata.multipartLife.startMultipart(whole, claim);
      const { objectInspection } = metadata;

      const first = await objectInspection.listOpenMultipart({ after: null, limit: 1 });
      const rest = await objectInspection.listOpenMultipart({
        after: first[0]?.id ?? null,
        limit: 9,
      });

      expect([...first, ...rest]).toEqual(
        [upload, whole]
          .map(({ bucket, id, object }) => ({ bucket, id, object }))
          .sort((one, other) => (one.id < other.id ? -1 : 1)),
      );
    });

    test("loses a part that is lost, but not the one that replaced it", async () => {
      const { metadata, key, parts, receive } = await openWithPart();
      const { objectInspection } = metadata;
      const lost = await receive("first");
      const next = await receive("second");

      expect(await objectInspection.forgetPart(lost)).toBe(true);
      expect(await parts()).toEqual(["second"]);
      expect(await metadata.multipart.findMultipart(key)).toMatchObject({ parts: 1, bytes: 100 });
      expect(await objectInspection.forgetPart(next)).toBe(true);
      expect(await parts()).toEqual([]);
      expect(await metadata.multipart.findMultipart(key)).toMatchObject({ parts: 0, bytes: 0 });
    });

    test("keeps its parts while it is being completed", async () => {
      const { metadata, key, parts, receive } = await openWithPart();
      const lost = await receive("first");
      await metadata.multipart.claimMultipart(key, claim, () => {});

      expect(await metadata.objectInspection.forgetPart(lost)).toBe(false);
      expect(await parts()).toEqual(["first"]);
      await metadata.multipart.releaseMultipart(key.id, claim);
      expect(await metadata.objectInspection.forgetPart(lost)).toBe(true);
    });
  });
}
