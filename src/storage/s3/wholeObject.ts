// One object of a body that comes in one request, of any size: in one call when it fits in a cell.
import type { UploadId } from "../../model/uploadId.ts";
import { receiveBody } from "../receiveBody.ts";
import type { AppendOptions, Body } from "../staging.ts";
import { CellWriter } from "./cellWriter.ts";
import { noHash } from "./hashes.ts";
import type { KeyKind } from "./names.ts";
import { emptyState } from "./state.ts";
import type { S3Tools } from "./tools.ts";

/** The object to be. */
export interface WholeObject {
  readonly id: UploadId;
  readonly kind: KeyKind;
  readonly key: string;
}

/** Stores a body under a key. @returns its size, and why it ended early: then nothing is stored. @throws as `receiveBody`; nothing is stored. */
export async function storeBody(
  tools: S3Tools,
  { id, kind, key }: WholeObject,
  body: Body,
  { expected, signal }: Pick<AppendOptions, "expected" | "signal">,
): Promise<{ readonly size: number; readonly cut: Error | null }> {
  const writer = new CellWriter(tools, {
    ...{ id, state: emptyState(kind, key), offset: 0, tail: new Uint8Array(), signal },
    ...{ newKey: () => key, hash: noHash, release: body.release ?? null },
  });
  const giveBack = () => abandon(tools, writer);
  const ends = { expected, signal, keepsCut: false, giveBack };
  try {
    const cut = await receiveBody(body, writer, ends);
    const size = writer.written;
    if (cut === null) await finishObject(tools, writer, signal);
    else await giveBack();
    return { size, cut };
  } catch (error) {
    await giveBack();
    throw error;
  } finally {
    writer.free();
  }
}

/** What was written becomes the object under its key. The writer has finished. */
export async function finishObject(
  { objects, uploads }: S3Tools,
  writer: CellWriter,
  signal: AbortSignal,
): Promise<void> {
  const { state, rest } = writer;
  const { key, upload, parts } = state;
  if (upload === null) return objects.put(key, rest, signal);
  const to = { key, upload };
  const sent = writer.sent.map((etag, index) => ({ number: index + 1, etag }));
  if (rest.byteLength > 0) {
    sent.push({ number: parts + 1, etag: await uploads.send(to, parts + 1, rest, signal) });
  }
  signal.throwIfAborted();
  await uploads.complete(to, sent);
  const found = await objects.head(key);
  if (found?.size !== writer.written) throw new Error("S3 holds an object of another size");
}

/** Never throws: what is left is found by its list. */
async function abandon({ objects, uploads }: S3Tools, { state }: CellWriter): Promise<void> {
  const { key, upload } = state;
  const removing = upload === null ? objects.remove(key) : uploads.abort({ key, upload });
  await removing.catch(() => {});
}
