// Bytes from one storage to another, each content compared with its digest on the way. What was copied is noted, so that it is copied once.
import { download } from "../import/download.ts";
import { each } from "../import/each.ts";
import { SourceError } from "../import/source.ts";
import type { CopyNotes, CopySource, Row } from "../metadata/copy.ts";
import { type Digest, digestOf } from "../model/digest.ts";
import type { Locator } from "../model/locator.ts";
import type { Storage } from "../storage/storage.ts";
import { type CopiedContent, contentsOf, readContent } from "./contents.ts";

/** Both storages of a migration. */
export interface BytesRun {
  readonly from: Pick<Storage, "content" | "repair">;
  readonly to: Pick<Storage, "staging">;
  readonly notes: CopyNotes;
  /** Unix ms. */
  readonly clock: () => number;
  /** UUIDv7 source. */
  readonly newId: () => string;
  /** ms. */
  readonly rest: (ms: number) => Promise<void>;
  /** Called with bytes as they are copied. */
  readonly onBytes: (bytes: number) => void;
}

/** Why contents could not be copied, by digest; of rows with these stored names. */
export type Problems = Map<Digest, { readonly locator: Locator; readonly reason: string }>;

const pageRows = 500;
/** Bytes of one read. */
const portion = 1_048_576;
/** The calls of small ones are mostly waited for; large ones take memory. */
const atOnce = { small: 16, large: 3 };

/** Copies what is not copied yet, page by page, each as the source is then. @returns why some could not be. */
export async function copyContents(
  run: BytesRun,
  openMoment: () => Promise<CopySource>,
): Promise<Problems> {
  const problems: Problems = new Map();
  for (let after: Row | null = null; ; ) {
    const { contents, last } = await readPage(openMoment, after);
    await copyAll(run, contents, problems);
    if (last === null) return problems;
    after = last;
  }
}

async function readPage(openMoment: () => Promise<CopySource>, after: Row | null) {
  const moment = await openMoment();
  try {
    const table = contentsOf(moment);
    const rows = await moment.page(table, { after, upTo: null, limit: pageRows });
    const contents = rows.map((row) => readContent(table, row));
    const last = contents.at(-1);
    return { contents, last: last === undefined ? null : [last.digest] };
  } finally {
    await moment.close();
  }
}

/** True when the bytes of a row are where they are going. A damaged one is tried again once it is healed. */
export function isCopied(
  notes: Pick<CopyNotes, "find">,
  { digest, isDamaged }: CopiedContent,
): boolean {
  const note = notes.find(digest);
  return note !== null && (!note.isDamaged || isDamaged);
}

async function copyAll(
  run: BytesRun,
  contents: readonly CopiedContent[],
  problems: Problems,
): Promise<void> {
  const missing = contents.filter((content) => !isCopied(run.notes, content));
  const copy = async (content: CopiedContent): Promise<void> => {
    const reason = content.isDamaged ? await leaveOut(run, content) : await copyOne(run, content);
    if (reason !== null) problems.set(content.digest, { locator: content.locator, reason });
  };
  const isSmall = ({ size }: CopiedContent): boolean => size <= portion;
  await each(missing.filter(isSmall), atOnce.small, copy);
  await each(
    missing.filter((content) => !isSmall(content)),
    atOnce.large,
    copy,
  );
}

/** @returns why its bytes could not be had; null when they are there. @throws what the new storage throws. */
async function copyOne(run: BytesRun, content: CopiedContent): Promise<string | null> {
  const { from, notes } = run;
  const { digest, size, locator } = content;
  const found = await from.content.stat(locator);
  if (found === null) return "its bytes are missing";
  if (found.size !== size) return `it has ${found.size} bytes instead of ${size}`;
  try {
    const open = async (offset: number) => ({ offset, body: await read(run, content, offset) });
    const sealed = await download(
      { storage: run.to, clock: run.clock, newId: run.newId },
      { digest, size, open },
      run,
    );
    if (sealed.kind === "mismatch") return `its bytes are ${sealed.actual}`;
    if (sealed.locator === null) throw new Error("sealed bytes have no stored name");
    notes.add({ digest, size, locator: sealed.locator, isDamaged: false });
    return null;
  } catch (error) {
    if (error instanceof SourceError) return error.message;
    throw error;
  }
}

async function read(
  { from }: BytesRun,
  { locator, size }: CopiedContent,
  offset: number,
): Promise<AsyncIterable<Uint8Array>> {
  const reader = await from.repair.read(locator);
  if (reader === null) throw new SourceError("its bytes are missing");
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      for (let at = offset; ; ) {
        const chunk = new Uint8Array(Math.min(portion, Math.max(1, size - at)));
        const count = (await reader?.read(at, chunk)) ?? 0;
        if (count === 0) return;
        yield chunk.subarray(0, count);
        at += count;
      }
    } finally {
      await reader?.close();
    }
  }
  return chunks();
}

/** Gives a damaged content a stored name of its own, with nothing behind it: the next push heals it. */
export async function leaveOut(run: BytesRun, { digest, size }: CopiedContent): Promise<null> {
  const nothing = {
    ...{ digest: digestOf(new Uint8Array()), size: 0 },
    open: async () => ({ offset: 0, body: empty() }),
  };
  const sealed = await download({ storage: run.to, clock: run.clock, newId: run.newId }, nothing, {
    rest: run.rest,
    onBytes: () => {},
  });
  if (sealed.kind !== "sealed" || sealed.locator === null) {
    throw new Error("an empty content has no stored name");
  }
  run.notes.add({ digest, size, locator: sealed.locator, isDamaged: true });
  return null;
}

async function* empty(): AsyncGenerator<Uint8Array> {}
