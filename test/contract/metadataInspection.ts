// What the metadata port promises about damage: how it is marked, who sees it, and how a push heals it.
import { expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/metadata.ts";
import { app, blob, digest, finish, locator, manifest, now, other, tag } from "./metadataRows.ts";

/** The suite's part. */
export function inspectionContract(open: () => Promise<Metadata>): void {
  damageContract(open);
  verificationContract(open);

  test("the repositories and tags that need a content are listed, also through indexes", async () => {
    const { registry, uploads, manifestInspection } = await open();
    await uploads.finishUpload(finish("layer"));
    await uploads.finishUpload(finish("layer", { repository: other }));
    const image = manifest("image", { references: [blob("layer")], tags: [tag("plain")] });
    await registry.putManifest(image);
    const child = { ...blob("image"), kind: "child" as const, size: 5 };
    await registry.putManifest(manifest("index", { references: [child], tags: [tag("all")] }));

    const holders = await manifestInspection.holdersOf(digest("layer"), 10);

    expect(holders.repositories).toEqual([app, other]);
    expect(holders.tags.map(({ repository, name }) => `${repository}:${name}`)).toEqual([
      "team/app:all",
      "team/app:plain",
    ]);
    expect(holders.more).toBeFalse();
    expect((await manifestInspection.holdersOf(digest("layer"), 1)).more).toBeTrue();
  });

  test("manifests are listed by page, with the rows derived from them", async () => {
    const { registry, uploads, manifestInspection } = await open();
    await uploads.finishUpload(finish("layer"));
    const subject = digest("subject");
    await registry.putManifest(manifest("one", { references: [blob("layer")], subject }));
    await registry.putManifest(manifest("two"));

    const first = await manifestInspection.listManifests({ after: null, limit: 1 });
    const rest = await manifestInspection.listManifests({ after: first[0] ?? null, limit: 9 });

    const [one] = [...first, ...rest].filter((found) => found.digest === digest("one"));
    expect([...first, ...rest]).toHaveLength(2);
    expect(one?.references).toEqual([blob("layer")]);
    expect(one?.referrers.map((referrer) => referrer.subject)).toEqual([subject]);
    expect(Buffer.from(one?.body ?? []).toString()).toBe("one");
  });

  test("derived rows are rebuilt, and no reference is lost", async () => {
    const { registry, uploads, manifestInspection } = await open();
    await uploads.finishUpload(finish("layer"));
    await registry.putManifest(manifest("one", { references: [blob("layer")] }));
    const derived = {
      artifactType: "application/x",
      subject: digest("subject"),
      annotations: '{"a":"b"}',
      references: [blob("config", { required: false })],
    };

    const done = await manifestInspection.deriveAgain(
      { repository: app, digest: digest("one") },
      derived,
    );

    expect(done).toBeTrue();
    const [found] = await manifestInspection.listManifests({ after: null, limit: 2 });
    expect(found?.references).toHaveLength(2);
    expect(found?.subject).toBe(derived.subject);
    expect(found?.referrers).toEqual([{ subject: derived.subject, artifactType: "application/x" }]);
    const gone = { repository: other, digest: digest("one") };
    expect(await manifestInspection.deriveAgain(gone, derived)).toBeFalse();
  });

  test("a sound database passes its integrity check", async () => {
    const { inspection } = await open();

    expect(await inspection.checkDatabase(true)).toEqual({ faults: [], dangling: [] });
    expect(await inspection.checkDatabase(false)).toEqual({ faults: [], dangling: [] });
  });
}

function damageContract(open: () => Promise<Metadata>): void {
  const layer = { digest: digest("layer"), locator: locator("stored-layer") };

  test("damaged content is neither served nor found by an upload", async () => {
    const { registry, uploads, inspection, contents } = await open();
    await uploads.finishUpload(finish("layer"));

    expect(await inspection.markDamaged(layer, now)).toBeTrue();

    expect(await registry.findBlob(app, digest("layer"))).toBeNull();
    expect(await contents.findContent(digest("layer"))).toBeNull();
    expect((await inspection.findContentRow(digest("layer")))?.damagedAt).toBe(now);
    expect(await inspection.markDamaged(layer, now + 1)).toBeFalse();
  });

  test("the next upload of damaged content heals it for every repository", async () => {
    const { registry, uploads, inspection } = await open();
    await uploads.finishUpload(finish("layer"));
    await uploads.finishUpload(finish("layer", { repository: other }));
    await inspection.markDamaged(layer, now);

    const again = locator("stored-again");
    const healed = await uploads.finishUpload(finish("layer", { locator: again }));

    expect(healed).toEqual({ kind: "finished", locator: again });
    for (const repository of [app, other]) {
      expect(await registry.findBlob(repository, digest("layer"))).toEqual({
        size: 100,
        locator: again,
      });
    }
    expect((await inspection.findContentRow(digest("layer")))?.damagedAt).toBeNull();
  });

  test("content found damaged while an upload links it is not linked", async () => {
    const { uploads, inspection } = await open();
    await uploads.finishUpload(finish("layer"));
    await inspection.markDamaged(layer, now);

    const found = { repository: other, locator: layer.locator, found: true };

    expect(await uploads.finishUpload(finish("layer", found))).toEqual({ kind: "contentGone" });
  });

  test("content pushed again meanwhile is marked neither damaged nor sound", async () => {
    const { uploads, inspection } = await open();
    await uploads.finishUpload(finish("layer"));
    const before = { ...layer, locator: locator("an-earlier-name") };

    expect(await inspection.markDamaged(before, now)).toBeFalse();
    await inspection.markDamaged(layer, now);
    expect(await inspection.markSound(before, now)).toBeFalse();
    expect(await inspection.markSound(layer, now)).toBeTrue();
    expect((await inspection.findContentRow(digest("layer")))?.damagedAt).toBeNull();
  });
}

function verificationContract(open: () => Promise<Metadata>): void {
  test("content is due for scrubbing when it was neither stored nor read since the given time", async () => {
    const { uploads, inspection } = await open();
    await uploads.finishUpload(finish("old", { now: now - 100 }));
    await uploads.finishUpload(finish("young"));
    await uploads.finishUpload(finish("future", { now: now + 1_000 }));
    const due = async () =>
      (await inspection.listUnverified({ limit: 9, since: now - 50, now })).map(
        (content) => content.locator,
      );

    expect(await due()).toEqual([locator("stored-old"), locator("stored-future")]);
    await inspection.noteVerified([{ digest: digest("old"), locator: locator("stored-old") }], now);
    expect(await due()).toEqual([locator("stored-future")]);
  });

  test("contents are listed by page, ordered by digest", async () => {
    const { uploads, inspection } = await open();
    for (const name of ["a", "b", "c"]) await uploads.finishUpload(finish(name));

    const first = await inspection.listContents({ after: null, limit: 2 });
    const rest = await inspection.listContents({ after: first[1]?.digest ?? null, limit: 2 });

    const digests = [...first, ...rest].map((content) => content.digest);
    expect(digests).toEqual([digest("a"), digest("b"), digest("c")].sort());
    expect(await inspection.countAll()).toEqual({
      contents: 3,
      bytes: 300,
      manifests: 0,
      objects: 0,
    });
  });
}
