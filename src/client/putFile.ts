// A local file → an object: small ones in one request, others in parts, several at a time, going on where an upload was broken off.
import { counted } from "../amounts.ts";
import type { ObjectInfo } from "./answers.ts";
import { together, workers } from "./parallel.ts";
import { pieceOf, type SourceFile } from "./pieces.ts";
import { type Cut, choosePartBytes, countParts, cutOf, rangeOf, usualPartBytes } from "./plan.ts";
import { CommandError, RefusedError } from "./problems.ts";
import type { Progress } from "./progress.ts";
import {
  abandon,
  changedOnTheWay,
  complete,
  findOpen,
  initiate,
  nullIfTooLarge,
  type PutDeps,
  partsOf,
  rounds,
  sendPart,
  sendWhole,
  type Upload,
} from "./putParts.ts";
import { Pace, readThrough } from "./reading.ts";

/** Options of a put. */
export interface PutOptions {
  /** Bytes; null: as the size of the file needs it. */
  readonly partBytes: number | null;
  readonly parallel: number;
}

/** A file that is being put. `onUpload` receives the upload that stays open after an interruption. */
export interface FilePut extends PutDeps {
  readonly file: SourceFile;
  readonly transfer: Progress;
  readonly options: PutOptions;
  readonly onUpload: (upload: Upload) => void;
  /** `sha256:…`: other bytes are not stored. Absent: the file may have any. */
  readonly expected?: string;
}

/** The file has other bytes than it should; nothing was stored. */
export class OtherBytesError extends Error {
  override readonly name = "OtherBytesError";
  /** That of its bytes. */
  readonly digest: string;

  constructor(digest: string) {
    super(`the bytes are ${digest}`);
    this.digest = digest;
  }
}

const isOther = ({ expected }: FilePut, digest: string): boolean =>
  expected !== undefined && digest !== expected;

/** @returns the stored object. @throws the error that ended it. */
export async function putFile(put: FilePut): Promise<ObjectInfo> {
  const { file, options } = put;
  const mostAtOnce = Math.min(options.partBytes ?? usualPartBytes, usualPartBytes);
  if (file.size <= mostAtOnce) {
    const stored = await putWhole(put).catch(nullIfTooLarge);
    if (stored !== null) return stored;
  }
  put.transfer.begin("asking");
  const started = await start(put);
  return started === null ? putWhole(put) : putCut(put, started);
}

/** An upload, new or taken up, and how its file is cut. */
interface Started {
  readonly upload: Upload;
  readonly cut: Cut;
}

/** @returns null when the server takes no parts. */
async function start(put: FilePut): Promise<Started | null> {
  try {
    return (await takeUp(put)) ?? (await begin(put));
  } catch (error) {
    // 405 says so: storage.multipart.enabled.
    if (error instanceof RefusedError && error.status === 405 && error.code !== "") return null;
    throw error;
  }
}

async function begin(put: FilePut): Promise<Started> {
  const { upload, limits } = await initiate(put);
  const { size } = put.file;
  const partBytes = choosePartBytes(size, limits, put.options.partBytes);
  if (typeof partBytes === "number") return { upload, cut: { partBytes, fileBytes: size } };
  await abandon(put, upload);
  throw new CommandError(partBytes.objection);
}

/** @returns null when no open upload can be one of this file. */
async function takeUp(put: FilePut): Promise<Started | null> {
  const { file, options, transfer } = put;
  const open = await findOpen(put);
  if (open === null || open.parts === 0) return null;
  const parts = await partsOf(put, open);
  const cut = cutOf(parts, file.size, options.partBytes ?? usualPartBytes);
  if (cut === null || parts.length === 0) return null;
  if (options.partBytes !== null && options.partBytes !== cut.partBytes) return null;
  transfer.say(`resuming: ${parts.length} of ${counted(countParts(cut), "part")} are there`);
  transfer.add(parts.reduce((sum, part) => sum + part.size_bytes, 0));
  const stored = new Map(parts.map((part) => [part.part_number, part.etag]));
  return { upload: { id: open.upload_id, stored }, cut };
}

async function putCut(put: FilePut, { upload, cut }: Started): Promise<ObjectInfo> {
  const { file, transfer } = put;
  put.onUpload(upload);
  transfer.begin("sending");
  const all = Array.from({ length: countParts(cut) }, (_, index) => index + 1);
  const { digest, etags } = await sendAndRead(put, { upload, cut });
  if (isOther(put, digest)) {
    await abandon(put, upload);
    throw new OtherBytesError(digest);
  }
  const wrong = (): number[] =>
    all.filter((number) => upload.stored.get(number) !== etags[number - 1]);
  for (let round = 0; round < rounds && wrong().length > 0; round += 1) {
    await file.assertSame();
    const again = wrong();
    transfer.say(
      `${counted(again.length, "part")} of the upload ${again.length === 1 ? "is" : "are"} not of this file: sending again`,
    );
    transfer.add(-again.reduce((sum, number) => sum + rangeOf(cut, number).size, 0));
    await together(transfer.stop, senders(put, { upload, cut }, { numbers: again, pace: null }));
  }
  await file.assertSame();
  if (wrong().length > 0) throw changedOnTheWay();
  return finish(put, { upload, cut }, digest);
}

/** Makes the parts the object. What the server has lost of them is sent again, each part once. */
async function finish(put: FilePut, started: Started, digest: string): Promise<ObjectInfo> {
  const { file, transfer } = put;
  const { upload, cut } = started;
  const healed = new Set<number>();
  for (;;) {
    transfer.begin("storing");
    try {
      return await complete(put, upload, digest);
    } catch (error) {
      const part = error instanceof RefusedError ? error.part : null;
      if (part === null || healed.has(part) || !upload.stored.has(part)) throw error;
      if (healed.size === 0)
        transfer.say("parts of the upload are damaged at the server: sending them again");
      healed.add(part);
      transfer.begin("sending");
      transfer.add(-rangeOf(cut, part).size);
      await file.assertSame();
      await together(transfer.stop, senders(put, started, { numbers: [part], pace: null }));
    }
  }
}

/** Sends the missing parts while the whole file is hashed. */
async function sendAndRead(put: FilePut, started: Started) {
  const { file, transfer } = put;
  const { upload, cut } = started;
  const pace = new Pace();
  const numbers = Array.from({ length: countParts(cut) }, (_, index) => index + 1).filter(
    (number) => !upload.stored.has(number),
  );
  let unread = file.size;
  const onBytes = (count: number): void => {
    unread -= count;
  };
  const facts = Promise.withResolvers<Awaited<ReturnType<typeof readThrough>>>();
  if (numbers.length === 0) pace.release();
  const reader = async (stop: AbortSignal): Promise<void> => {
    stop.addEventListener("abort", pace.release, { once: true });
    facts.resolve(await readThrough(file, cut, { pace, stop, onBytes }));
  };
  let sending = numbers.length;
  const onSent = (): void => {
    sending -= 1;
    if (sending > 0) return;
    pace.release();
    if (unread > 0) transfer.begin("checking");
  };
  await together(transfer.stop, [reader, ...senders(put, started, { numbers, pace, onSent })]);
  return facts.promise;
}

/** Which parts are sent; `pace` and `onSent` hear of it. */
interface Sending {
  readonly numbers: readonly number[];
  readonly pace: Pace | null;
  readonly onSent?: () => void;
}

function senders(put: FilePut, { upload, cut }: Started, { numbers, pace, onSent }: Sending) {
  return workers(put.options.parallel, numbers, async (number, stop) => {
    const { start, size } = rangeOf(cut, number);
    pace?.allow(start + size);
    const deps = { ...put, patience: { ...put.patience, stop } };
    await sendPart(deps, upload, { number, piece: pieceOf(put.file, start, size) });
    onSent?.();
  });
}

async function digestOf({ file, transfer }: FilePut): Promise<string> {
  transfer.begin("reading");
  const cut = { partBytes: Math.max(1, file.size), fileBytes: file.size };
  const pace = new Pace();
  pace.release();
  const options = { pace, stop: transfer.stop, onBytes: () => {} };
  return (await readThrough(file, cut, options)).digest;
}

async function putWhole(put: FilePut): Promise<ObjectInfo> {
  const digest = await digestOf(put);
  if (isOther(put, digest)) throw new OtherBytesError(digest);
  put.transfer.begin("sending");
  return sendWhole(put, put.file, digest);
}
