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
    test("its content is found in its repository and in no other", async () => {
      const { registry, uploads, contents } = await open();

      const outcome = await uploads.finishUpload(finish("layer"));

      const stored = { size: 100, locator: locator("stored-layer") };
      expect(outcome).toEqual({ kind: "finished", locator: stored.locator });
      expect(await registry.findBlob(app, digest("layer"))).toEqual(stored);
      expect(await registry.findBlob(other, digest("layer"))).toBeNull();
      expect(await contents.findContent(digest("layer"))).toEqual(stored);
      expect(await contents.findContent(digest("absent"))).toBeNull();
    });

    test("its session is gone", async () => {
      const metadata = await open();
      const { id } = await claimed(metadata, "a");

      await metadata.uploads.finishUpload(finish("layer", { session: { id, owner: "a" } }));

      expect(await metadata.uploads.findUpload(id, app)).toBeNull();
    });

    test("content that was found is linked without new bytes", async () => {
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

    test("the first upload of a digest keeps its name, the second one is told so", async () => {
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

    test("20 uploads of the same digest at once agree on one name", async () => {
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

    test("a damaged name is replaced, once", async () => {
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

    test("a session that was removed, or has another writer, finishes nothing", async () => {
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

    test("a session of another repository finishes nothing", async () => {
      const metadata = await open();
      const { id } = await claimed(metadata, "a");

      const outcome = await metadata.uploads.finishUpload(
        finish("layer", { repository: other, session: { id, owner: "a" } }),
      );

      expect(outcome).toEqual({ kind: "sessionGone" });
      expect(await metadata.registry.findBlob(other, digest("layer"))).toBeNull();
    });

    test("of a finish and a removal at once exactly one wins", async () => {
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

    test("renewing the lease of content that is not there changes nothing", async () => {
      const { contents } = await open();

      await contents.renewLease(digest("absent"), now, now + minute);

      expect(await contents.findContent(digest("absent"))).toBeNull();
    });
  });
}
