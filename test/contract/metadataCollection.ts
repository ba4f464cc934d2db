// The metadata contract, continued: locks, the clock's anchor, and what a collection finds and takes away.
import { describe, expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/metadata.ts";
import type { Digest } from "../../src/model/digest.ts";
import type { StoredName } from "../../src/storage/content.ts";
import {
  app,
  blob,
  digest,
  finish,
  holdGc,
  limitsAt,
  locator,
  manifest,
  minute,
  now,
  other,
  session,
} from "./metadataRows.ts";
import { untoldContract } from "./metadataStrays.ts";

const hour = 60 * minute;
/** Everything of the contract is two hours old by then, and every lease of it is over. */
const later = limitsAt(now + 2 * hour, now + hour);
const request = { name: "gc", now, lastsMs: minute, dead: null } as const;

/** A stored name of the content called `name`. */
const stored = (name: string): StoredName & { readonly digest: Digest } => ({
  locator: locator(`stored-${name}`),
  digest: digest(name),
  owner: `owner-${name}`,
  publishedAt: now,
});

/** What every implementation promises of collections. */
export function collectionContract(open: () => Promise<Metadata>): void {
  lockContract(open);
  anchorContract(open);
  markContract(open);
  untoldContract(open);
  sweepContract(open);
}

function lockContract(open: () => Promise<Metadata>): void {
  describe("a lock", () => {
    test("has one holder until its release, and each holder gets a greater epoch", async () => {
      const { locks } = await open();

      const first = await locks.acquireLock({ ...request, owner: "a" });
      const second = await locks.acquireLock({ ...request, owner: "b" });
      if (first.kind === "acquired") await locks.releaseLock(first.hold);
      const third = await locks.acquireLock({ ...request, owner: "b" });

      expect(first).toEqual({ kind: "acquired", hold: { name: "gc", owner: "a", epoch: 1 } });
      expect(second).toEqual({ kind: "held", owner: "a" });
      expect(third).toEqual({ kind: "acquired", hold: { name: "gc", owner: "b", epoch: 2 } });
    });

    test("that has run out, or whose holder is dead, can be acquired", async () => {
      const { locks } = await open();
      await locks.acquireLock({ ...request, owner: "a" });

      const ofDead = await locks.acquireLock({ ...request, owner: "b", dead: "a" });
      const soon = { ...request, owner: "c", now: now + minute };
      const outrun = await locks.acquireLock(soon);

      expect([ofDead.kind, outrun.kind]).toEqual(["acquired", "acquired"]);
    });

    test("is extended by its holder's renewal, and not by that of a former holder", async () => {
      const metadata = await open();
      const mine = await holdGc(metadata);
      const { locks } = metadata;

      expect(await locks.renewLock(mine, now + minute + 1)).toBe(true);
      const soon = { ...request, owner: "b", now: now + minute };
      expect((await locks.acquireLock(soon)).kind).toBe("held");
      await locks.acquireLock({ ...soon, dead: "me" });
      expect(await locks.renewLock(mine, now + hour)).toBe(false);
      await locks.releaseLock(mine);
      expect(await locks.acquireLock({ ...soon, owner: "c" })).toMatchObject({ owner: "b" });
    });

    test("does not last for a day after the clock was set back", async () => {
      const { locks } = await open();
      await locks.acquireLock({ ...request, owner: "a" });

      const earlier = { ...request, owner: "b", now: now - 24 * hour };
      expect((await locks.acquireLock(earlier)).kind).toBe("acquired");
    });
  });
}

function anchorContract(open: () => Promise<Metadata>): void {
  test("the clock's anchor is replaced only by a caller that read the latest one", async () => {
    const { clock } = await open();
    const first = { boot: "a", uptime: 1, wall: now, distrustUntil: 0 };
    const second = { ...first, uptime: 2, distrustUntil: 5 };

    expect(await clock.findClockAnchors("a")).toEqual({ own: null, other: null });
    expect(await clock.replaceClockAnchor(null, first)).toBe(true);
    expect(await clock.replaceClockAnchor(null, second)).toBe(false);
    expect(await clock.replaceClockAnchor(first, second)).toBe(true);
    expect(await clock.findClockAnchors("a")).toEqual({ own: second, other: null });
  });
}

function markContract(open: () => Promise<Metadata>): void {
  describe("marking", () => {
    test("walks all content in windows and returns the digests that no manifest names", async () => {
      const { collection, uploads, registry } = await open();
      for (const name of ["a", "b", "c", "d", "e"]) await uploads.finishUpload(finish(name));
      await registry.putManifest(manifest("{}", { references: [blob("a"), blob("b")] }));

      const windows = [];
      let after = null;
      do {
        const window = await collection.markWindow(after, 2, later);
        windows.push(window);
        after = window.next;
      } while (after !== null);

      expect(await collection.countContents()).toEqual({ blobs: 5, bytes: 500 });
      expect(windows.map(({ total }) => total)).toEqual([2, 2, 1]);
      const found = windows.flatMap(({ unreferenced }) => unreferenced);
      expect(found).toEqual(
        ["c", "d", "e"]
          .map((name) => ({ ...stored(name), size: 100 }))
          .map(({ publishedAt: _, owner: __, ...row }) => row)
          .map((row) => ({
            ...row,
            keptUntil: now + hour,
            releasedAt: now,
            state: "orphaned" as const,
          }))
          .sort((one, two) => (one.digest < two.digest ? -1 : 1)),
      );
    });

    test.each([
      ["leased", limitsAt(now + hour - 1, now)],
      ["young", limitsAt(now + 2 * hour, now - 1)],
      ["orphaned", limitsAt(now + hour, now)],
    ])("reports content as %s", async (state, limits) => {
      const { collection, uploads } = await open();
      await uploads.finishUpload(finish("a"));

      const { unreferenced } = await collection.markWindow(null, 10, limits);

      expect(unreferenced).toMatchObject([{ digest: digest("a"), state }]);
    });

    test("returns the links that no manifest of their own repository needs", async () => {
      const { collection, uploads, registry } = await open();
      await uploads.finishUpload(finish("a"));
      await uploads.finishUpload(finish("a", { repository: other, found: true }));
      await registry.putManifest(manifest("{}", { references: [blob("a")] }));

      const { links } = await collection.markWindow(null, 10, later);

      expect(links).toEqual([{ repository: other, digest: digest("a") }]);
    });

    test("returns stored names without a row, and those that a request may still name", async () => {
      const metadata = await open();
      const { collection, uploads } = metadata;
      await uploads.finishUpload(finish("known"));
      await uploads.finishUpload(finish("discarded"));
      await collection.discardContents(
        await holdGc(metadata),
        [digest("discarded")],
        () => later,
        [],
      );
      const claim = "owner-awaited";
      await uploads.startUpload(session({ startedAt: now }), claim);
      const failed = session({ startedAt: now });
      await uploads.startUpload(failed, "owner-failed");
      await uploads.releaseUpload(failed.id, "owner-failed");

      const strays = await collection.findStrays([
        stored("known"),
        stored("discarded"),
        stored("awaited"),
        stored("failed"),
        { ...stored("known"), locator: locator("another name") },
      ]);

      expect(strays).toEqual([
        { ...stored("awaited"), awaited: true },
        { ...stored("failed"), awaited: false },
        { ...stored("known"), locator: locator("another name"), awaited: false },
      ]);
    });

    test("finds no contradiction in a sound database", async () => {
      const { collection, uploads } = await open();
      await uploads.finishUpload(finish("a"));

      expect(await collection.findContradiction()).toBeNull();
    });
  });
}

function sweepContract(open: () => Promise<Metadata>): void {
  describe("sweeping", () => {
    test("deletes rows and links of content that is still orphaned, and remembers the stored names", async () => {
      const metadata = await open();
      const { collection, uploads, registry, contents } = metadata;
      for (const name of ["gone", "named", "leased"]) await uploads.finishUpload(finish(name));
      await registry.putManifest(manifest("{}", { references: [blob("named")] }));
      const [atLeast, keptUntil] = [now + 3 * hour, now + 3 * hour];
      await contents.keepBlob({ repository: app, digest: digest("leased"), atLeast, keptUntil });
      const all = ["gone", "named", "leased"].map(digest);

      const swept = await collection.discardContents(await holdGc(metadata), all, () => later, []);

      const discarded = [{ locator: locator("stored-gone"), size: 100 }];
      expect(swept).toEqual({ discarded, links: 1 });
      expect(await collection.listTrash(10)).toEqual(discarded);
      expect(await contents.findContent(digest("gone"))).toBeNull();
      expect(await registry.findBlob(app, digest("gone"))).toBeNull();
      expect(await collection.countContents()).toMatchObject({ blobs: 2 });
    });

    test("forgets stored names whose files are deleted", async () => {
      const metadata = await open();
      const { collection, uploads } = metadata;
      for (const name of ["a", "b", "c"]) await uploads.finishUpload(finish(name));
      const mine = await holdGc(metadata);

      await collection.discardContents(mine, [digest("a"), digest("b")], () => later, []);
      await collection.discardContents(mine, [digest("c")], () => later, [locator("stored-a")]);
      await collection.emptyTrash(mine, [locator("stored-b")]);

      expect(await collection.listTrash(10)).toEqual([{ locator: locator("stored-c"), size: 100 }]);
    });

    test("deletes links that no manifest needs, and no others", async () => {
      const metadata = await open();
      const { collection, uploads, registry } = metadata;
      await uploads.finishUpload(finish("a"));
      await uploads.finishUpload(finish("a", { repository: other, found: true }));
      await registry.putManifest(manifest("{}", { references: [blob("a")] }));
      const links = [app, other].map((repository) => ({ repository, digest: digest("a") }));

      expect(await collection.discardLinks(await holdGc(metadata), links, () => later)).toBe(1);
      expect(await registry.findBlob(app, digest("a"))).not.toBeNull();
      expect(await registry.findBlob(other, digest("a"))).toBeNull();
    });

    test("deletes stray names that still have no row", async () => {
      const metadata = await open();
      const { collection, uploads } = metadata;
      await uploads.finishUpload(finish("known"));
      await uploads.startUpload(session(), "owner-awaited");
      const found = [stored("known"), stored("awaited"), stored("stray")].map((name) => ({
        ...name,
        size: 7,
      }));

      const discarded = await collection.discardStrays(await holdGc(metadata), found, now);

      expect(discarded).toEqual([{ locator: locator("stored-stray"), size: 7 }]);
      expect(await collection.listTrash(10)).toEqual(discarded ?? []);
    });

    test("changes nothing once the lock is lost", async () => {
      const metadata = await open();
      const { collection, uploads, locks } = metadata;
      await uploads.finishUpload(finish("a"));
      const lost = await holdGc(metadata);
      await locks.acquireLock({ ...request, owner: "b", dead: "me" });
      const names = [{ ...stored("stray"), size: 7 }];

      expect(await collection.discardContents(lost, [digest("a")], () => later, [])).toBeNull();
      expect(await collection.discardStrays(lost, names, now)).toBeNull();
      expect(
        await collection.discardLinks(
          lost,
          [{ repository: app, digest: digest("a") }],
          () => later,
        ),
      ).toBeNull();
      expect(await collection.emptyTrash(lost, [])).toBeNull();
      expect(await collection.listTrash(10)).toEqual([]);
      expect(await collection.countContents()).toMatchObject({ blobs: 1 });
    });
  });
}
