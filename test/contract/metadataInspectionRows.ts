// What the metadata port promises an inspection about rows: what they lack, what contradicts them, and what mends them.
import { expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/metadata.ts";
import { backups, bucket, object, put, withBucket } from "./metadataObjectRows.ts";
import {
  app,
  blob,
  bytes,
  digest,
  finish,
  locator,
  manifest,
  now,
  ociManifest,
  tag,
} from "./metadataRows.ts";

/** The suite's part. */
export function inspectionRowsContract(open: () => Promise<Metadata>): void {
  test("references that a manifest's repository does not hold are listed with the affected tags", async () => {
    const { registry, uploads, manifestInspection } = await open();
    await uploads.finishUpload(finish("layer"));
    const image = manifest("image", { references: [blob("layer")], tags: [tag("1.0")] });
    await registry.putManifest(image);
    expect(await manifestInspection.listIncomplete(10)).toEqual([]);

    const key = { repository: app, digest: image.digest };
    const references = [blob("layer"), blob("lost")];
    const derived = { artifactType: null, subject: null, annotations: null, references };
    await manifestInspection.deriveAgain(key, derived);

    const missing = digest("lost");
    expect(await manifestInspection.listIncomplete(10)).toEqual([
      { manifest: key, kind: "blob", missing },
    ]);
    expect(await manifestInspection.tagsOf(key, 10)).toEqual([
      { repository: app, name: tag("1.0") },
    ]);
    expect(await manifestInspection.findManifestRow(key)).toEqual({
      mediaType: ociManifest,
      body: bytes("image"),
    });
  });

  test("referrers that agree with their manifests are not reported", async () => {
    const { registry, manifestInspection } = await open();
    await registry.putManifest(manifest("signature", { subject: digest("image") }));
    await registry.putManifest(manifest("image"));

    expect(await manifestInspection.listWrongReferrers(10)).toEqual([]);
  });

  test("keepTrash of a name that is in use leaves no trash name in use", async () => {
    const { uploads, inspection } = await open();
    await uploads.finishUpload(finish("layer"));

    await inspection.keepTrash(locator("layer"));

    expect(await inspection.listTrashInUse(10)).toEqual([]);
  });

  test("content without a row gets one, once, and content with a row keeps its own", async () => {
    const { uploads, inspection, objectInspection } = await open();
    await uploads.finishUpload(finish("known"));
    const named = { digest: digest("found"), locator: locator("found"), size: 5 };

    expect(await objectInspection.nameContent(named, now, now + 1)).toBeTrue();

    expect(await inspection.findContentRow(named.digest)).toMatchObject(named);
    expect(await objectInspection.nameContent(named, now, now + 1)).toBeFalse();
    const other = { digest: digest("known"), locator: locator("other"), size: 5 };
    expect(await objectInspection.nameContent(other, now, now + 1)).toBeFalse();
    expect((await inspection.findContentRow(digest("known")))?.locator).not.toBe(other.locator);
  });

  test("repairs leave correct objects and buckets unchanged", async () => {
    const metadata = await withBucket(open);
    await put(metadata, "a", "content");
    const { objects, objectInspection } = metadata;
    const before = await objects.findBucket(backups);

    await objectInspection.refitObject({ bucket: backups, object: object("a") });
    expect(await objectInspection.recountBucket(backups, null)).toBeTrue();
    expect(await objectInspection.recountBucket(bucket("unknown"), now)).toBeTrue();

    expect(await objects.findBucket(backups)).toEqual(before);
    expect(before?.objects).toBe(1);
  });

  test("leases that a clock step shortened are extended together with the anchor, or not at all", async () => {
    const { uploads, usage, clock } = await open();
    await uploads.finishUpload(finish("short", { keptUntil: now + 1 }));
    await uploads.finishUpload(finish("long", { keptUntil: now + 5 }));
    await uploads.finishUpload(finish("given", { keptUntil: now + 4 }));
    const anchor = { boot: "a", uptime: 1, wall: now, distrustUntil: 0 };
    const given = { after: now + 2, until: now + 4 };
    const postponed = { endingAfter: now + 1, given, byMs: 1_000 };

    expect(await clock.replaceClockAnchor(anchor, anchor, postponed)).toBe(false);
    expect((await usage.findAges(digest("long")))?.keptUntil).toBe(now + 5);
    expect(await clock.replaceClockAnchor(null, anchor, postponed)).toBe(true);
    expect((await usage.findAges(digest("long")))?.keptUntil).toBe(now + 1_005);
    expect((await usage.findAges(digest("short")))?.keptUntil).toBe(now + 1);
    expect((await usage.findAges(digest("given")))?.keptUntil).toBe(now + 4);
  });
}
