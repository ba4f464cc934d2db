// Stored names that do not tell their digest, as in a bucket: which of them no row names.
import { expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/metadata.ts";
import type { Locator } from "../../src/model/locator.ts";
import type { StoredName } from "../../src/storage/content.ts";
import { withUpload } from "./metadataObjectRows.ts";
import { finish, locator, now, session } from "./metadataRows.ts";

/** As those of a bucket are. */
const nameOf = (name: string) => `data/${name}` as Locator;

/** Part of `collectionContract`. */
export function untoldContract(open: () => Promise<Metadata>): void {
  test("strays are found among stored names without a digest, and those of open uploads are awaited", async () => {
    const { metadata, upload } = await withUpload(open);
    const { collection, uploads } = metadata;
    await uploads.finishUpload(finish("known", { locator: nameOf("known") }));
    const writing = session({ startedAt: now });
    await uploads.startUpload(writing, null);
    const untold = (name: string, owner: string): StoredName => ({
      ...{ locator: nameOf(name), digest: null },
      ...{ owner, publishedAt: now },
    });

    const strays = await collection.findStrays([
      untold("known", "ended"),
      untold("lost", "ended"),
      untold("open", writing.id),
      untold("in parts", upload.id),
    ]);

    expect(strays).toEqual([
      { ...untold("lost", "ended"), awaited: false },
      { ...untold("open", writing.id), awaited: true },
      { ...untold("in parts", upload.id), awaited: true },
    ]);
  });

  test("a stored name that may tell its digest and is said not to is refused", async () => {
    const { collection } = await open();
    const name = { locator: locator("sha256/ab"), digest: null, owner: "ended", publishedAt: now };

    expect(collection.findStrays([name])).rejects.toThrow("no known kind");
  });
}
