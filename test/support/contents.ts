// Stored content by its name alone, as no room opens it: the row with its size is missing here.
import type { Locator } from "../../src/model/locator.ts";
import type { Storage } from "../../src/storage/storage.ts";

/** @returns null when it is absent. */
export async function readContent(
  { content }: Pick<Storage, "content">,
  locator: Locator,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const found = await content.stat(locator);
  const opened = found && (await content.open({ locator, size: found.size }));
  return opened && new Uint8Array(await opened.body.arrayBuffer());
}

/** As `readContent`, as text. */
export async function contentText(
  storage: Pick<Storage, "content">,
  locator: Locator,
): Promise<string | null> {
  const bytes = await readContent(storage, locator);
  return bytes && new TextDecoder().decode(bytes);
}
