// Contract of the end of an upload: content becomes known, linked and leased, once, whoever else is at it.
import { describe, expect, test } from "bun:test";
import type { Metadata, UploadSession } from "../../src/metadata/metadata.ts";
import { app, digest, finish, locator, minute, now, other, session } from "./metadataRows.ts";

/** Part of `metadataContract`. */
export function uploadsContract(open: () => Promise<Metadata>): void {
  const claimed = async ({ uploads }: Metadata, owner: string): Promise<UploadSession> => {
    const started = session();
    await uploads.startUpload(started, null);
    await uploads.claimUpload(started.id, app, owner);
    return started;
  };

  describe("finishing an upload", () => {
    test("makes its content available in its repository and in no other", async () => {
      const { registry, uploads, contents } = await open();

      const outcome = await uploads.finishUpload(finish("layer"));

      const stored = { size: 100, locator: locator("stored-layer") };
      expect(outcome).toEqual({ kind: "finished", locator: stored.locator });
      expect(await registry.findBlob(app, digest("layer"))).toEqual(stored);
      expect(await registry.findBlob(other, digest("layer"))).toBeNull();
      expect(await contents.findContent(digest("layer"))).toEqual(stored);
      expect(await contents.findContent(digest("absent"))).toBeNull();
    });

    test("deletes its session", async () => {
      const metadata = await open();
      const { id } = await claimed(metadata, "a");

      await metadata.uploads.finishUpload(finish("layer", { session: { id, owner: "a" } }));

      expect(await metadata.uploads.findUpload(id, app)).toBeNull();
    });

    test("links stored content without new bytes", async () => {
      const { registry, uploads } = await open();
      await uploads.finishUpload(finish("layer"));

      const outcome = await uploads.finishUpload(
        finish("layer", { repository: other, found: true }),
      );

      expect(outcome).toEqual({ kind: "finished", locator: locator("stored-layer") });
      expect((await registry.findBlob(other, digest("layer")))?.locator).toBe(
        locator("stored-layer"),
      );
    });

    test.each([
      ["was never stored", "absent", "stored-absent"],
      ["is stored under another name by now", "layer", "the name before"],
    ])(
      "content that was found but %s is reported gone, and nothing changes",
      async (_, name, place) => {
        const metadata = await open();
        const { registry, uploads } = metadata;
        await uploads.finishUpload(finish("layer", { repository: other }));
        const { id } = await claimed(metadata, "a");

        const outcome = await uploads.finishUpload(
          finish(name, { found: true, locator: locator(place), session: { id, owner: "a" } }),
        );

        expect(outcome).toEqual({ kind: "contentGone" });
        expect(await registry.findBlob(app, digest(name))).toBeNull();
        expect(await uploads.findUpload(id, app)).not.toBeNull();
      },
    );

    test("keeps the stored name of the first upload of a digest, and returns it to the second", async () => {
      const { registry, uploads } = await open();
      await uploads.finishUpload(finish("layer"));

      const second = await uploads.finishUpload(
        finish("layer", { repository: other, locator: locator("second") }),
      );

      expect(second).toEqual({ kind: "finished", locator: locator("stored-layer") });
      expect((await registry.findBlob(other, digest("layer")))?.locator).toBe(
        locator("stored-layer"),
      );
    });

    test("20 times at once with the same digest uses one stored name", async () => {
      const { registry, uploads } = await open();

      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, writer) =>
          uploads.finishUpload(finish("layer", { locator: locator(`by writer ${writer}`) })),
        ),
      );

      const stored = await registry.findBlob(app, digest("layer"));
      const names = outcomes.map((outcome) => outcome.kind === "finished" && outcome.locator);
      expect(new Set(names).size).toBe(1);
      expect(names[0]).toBe(stored?.locator ?? false);
    });

    test("replaces a damaged stored name, once", async () => {
      const { registry, uploads } = await open();
      await uploads.finishUpload(finish("layer", { locator: locator("damaged") }));
      const replaces = locator("damaged");

      const first = await uploads.finishUpload(
        finish("layer", { replaces, locator: locator("healed") }),
      );
      const second = await uploads.finishUpload(
        finish("layer", { replaces, locator: locator("too late") }),
      );

      expect(first).toEqual({ kind: "finished", locator: locator("healed") });
      expect(second).toEqual({ kind: "finished", locator: locator("healed") });
      expect((await registry.findBlob(app, digest("layer")))?.locator).toBe(locator("healed"));
    });

    test("fails for a session that was removed or has another writer", async () => {
      const metadata = await open();
      const { registry, uploads, contents } = metadata;
      const removed = await claimed(metadata, "a");
      await uploads.removeUpload(removed.id, app);
      const taken = await claimed(metadata, "b");

      for (const { id } of [removed, taken]) {
        const outcome = await uploads.finishUpload(
          finish("layer", { session: { id, owner: "a" } }),
        );
        expect(outcome).toEqual({ kind: "sessionGone" });
      }

      expect(await registry.findBlob(app, digest("layer"))).toBeNull();
      expect(await contents.findContent(digest("layer"))).toBeNull();
      expect(await uploads.findUpload(taken.id, app)).toEqual(taken);
    });

    test("fails for a session of another repository", async () => {
      const metadata = await open();
      const { id } = await claimed(metadata, "a");

      const outcome = await metadata.uploads.finishUpload(
        finish("layer", { repository: other, session: { id, owner: "a" } }),
      );

      expect(outcome).toEqual({ kind: "sessionGone" });
      expect(await metadata.registry.findBlob(other, digest("layer"))).toBeNull();
    });

    test("and removing it at once succeeds for exactly one of the two", async () => {
      const metadata = await open();
      const { registry, uploads } = metadata;
      const { id } = await claimed(metadata, "a");

      const [finished, removed] = await Promise.all([
        uploads.finishUpload(finish("layer", { session: { id, owner: "a" } })),
        uploads.removeUpload(id, app),
      ]);

      expect(finished.kind === "finished").toBe(removed === null);
      expect((await registry.findBlob(app, digest("layer"))) !== null).toBe(removed === null);
    });

    test("keeps a blob for the repository that has it, and for no other one", async () => {
      const { contents, uploads } = await open();
      await uploads.finishUpload(finish("layer", { keptUntil: now }));
      const asked = {
        digest: digest("layer"),
        atLeast: now + minute,
        keptUntil: now + 60 * minute,
      };

      const elsewhere = await contents.keepBlob({ ...asked, repository: other });
      const unkept = await contents.keepBlob({ ...asked, repository: app, atLeast: now });
      await contents.keepBlob({ ...asked, repository: app });
      const kept = await contents.keepBlob({ ...asked, repository: app });

      expect(elsewhere).toBeNull();
      expect(unkept).toMatchObject({ keptUntil: now });
      expect(kept).toMatchObject({ keptUntil: now + 60 * minute });
    });

    test("does not record a lease for content that does not exist", async () => {
      const { contents } = await open();
      const asked = { repository: app, digest: digest("absent") };

      const kept = await contents.keepBlob({ ...asked, atLeast: now, keptUntil: now + minute });

      expect(kept).toBeNull();
      expect(await contents.findContent(digest("absent"))).toBeNull();
    });
  });
}
