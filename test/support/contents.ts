// Content and staged bytes of a storage alone, without the rows that name them.
import type { Digest } from "../../src/model/digest.ts";
import type { Locator } from "../../src/model/locator.ts";
import { makeUploadId } from "../../src/model/uploadId.ts";
import type { OpenedContent } from "../../src/storage/content.ts";
import type { SealOptions, Session } from "../../src/storage/staging.ts";
import type { Storage } from "../../src/storage/storage.ts";

/** Begins a session. @param startedAt as `Staging.begin`. */
export async function beginSession(
  { staging }: Pick<Storage, "staging">,
  startedAt: number | null = 0,
): Promise<Session> {
  const id = makeUploadId(Bun.randomUUIDv7());
  const state = await staging.begin(id, startedAt);
  return { id, offset: 0, staging: state, algorithm: "sha256", boundaries: async () => [] };
}

/** Seals under a fresh name, whatever is stored already. */
export const fresh = (expected: readonly Digest[] = []): SealOptions => ({
  ...{ as: "sha256", expected, owner: Bun.randomUUIDv7() },
  isStored: async () => false,
});

/** Makes staged bytes content. @returns its name. */
export async function sealed(
  { staging }: Pick<Storage, "staging">,
  session: Session,
): Promise<Locator> {
  const outcome = await staging.seal(session, fresh());
  if (outcome.kind === "mismatch" || outcome.locator === null) throw new Error("nothing sealed");
  return outcome.locator;
}

/** The bytes of a session that count, as text. @throws as `Staging.seal`. */
export async function stagedText(storage: Storage, session: Session): Promise<string | null> {
  const locator = await sealed(storage, session);
  const text = await contentText(storage, locator);
  await storage.content.delete(locator);
  return text;
}

/** All bytes of what was opened; null for what is absent or on another machine. */
export async function openedBytes(
  opened: OpenedContent | null,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (opened === null || opened.kind === "remote") return null;
  return opened.kind === "file" ? opened.body.bytes() : opened.body;
}

/** @returns null when it is absent. */
export async function readContent(
  { content }: Pick<Storage, "content">,
  locator: Locator,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const found = await content.stat(locator);
  const opened = found && (await content.open({ locator, size: found.size }));
  if (found === null || opened === null) return null;
  return (await openedBytes(opened)) ?? readRemote(content, locator, found.size);
}

async function readRemote(content: Storage["content"], locator: Locator, size: number) {
  const reader = await content.reader(locator);
  const into = new Uint8Array(new SharedArrayBuffer(size));
  for (let at = 0; at < size; ) {
    const count = (await reader?.read(at, into.subarray(at))) ?? 0;
    if (count === 0) throw new Error("content is shorter than it is");
    at += count;
  }
  await reader?.close();
  return new Uint8Array(into);
}

/** As `readContent`, as text. */
export async function contentText(
  storage: Pick<Storage, "content">,
  locator: Locator,
): Promise<string | null> {
  const bytes = await readContent(storage, locator);
  return bytes && new TextDecoder().decode(bytes);
}
