// A body as it comes, read to its end into a writer: the same for every storage.
import { RegistryError } from "../errors.ts";
import type { Body } from "./staging.ts";

/** Takes the bytes of one body. */
export interface BodyWriter {
  /** Takes a chunk. @returns null, or what to wait for before the next one: it rejects when an earlier one cannot be stored. */
  push(chunk: Uint8Array): Promise<void> | null;
  /** Stores what is left. @throws when a chunk cannot be stored. */
  finish(): Promise<void>;
  /** Drops what is not on its way, and waits until nothing is; never throws. */
  settle(): Promise<void>;
}

/** Callbacks for a body, above all for one that does not arrive whole. */
export interface BodyEnds {
  /** Bytes, as announced; null when they were not. */
  readonly expected: number | null;
  /** Aborted when nothing may be written any more. */
  readonly signal: AbortSignal;
  /** True when what arrived of a body that broke counts, and is made durable. */
  readonly keepsCut: boolean;
  /** Frees the disk space; must not throw. Not called once `signal` is aborted: the bytes belong to another writer then. */
  readonly giveBack: () => Promise<void>;
}

/** @returns why the body broke, or null. @throws what `writer` throws; then the space was given back before. */
export async function receiveBody(
  body: Body,
  writer: BodyWriter,
  ends: BodyEnds,
): Promise<Error | null> {
  const { signal } = ends;
  const chunks = untilAborted(body[Symbol.asyncIterator](), signal);
  try {
    return await readToEnd(chunks, writer, ends);
  } catch (error) {
    await writer.settle();
    // Nothing of this request was acknowledged: free its space before the error is returned. Bytes that are no longer ours stay.
    if (!signal.aborted) await ends.giveBack();
    await chunks.stop();
    throw error;
  } finally {
    chunks.forget();
  }
}

async function readToEnd(
  chunks: Chunks,
  writer: BodyWriter,
  { expected, signal, keepsCut }: BodyEnds,
): Promise<Error | null> {
  for (let received = 0; ; ) {
    const next = await chunks.next();
    signal.throwIfAborted();
    if (next.done) {
      const cut = next.value instanceof Error ? next.value : null;
      if (cut === null) assertReceived(expected, received, "all");
      await (cut === null || keepsCut ? writer.finish() : writer.settle());
      return cut;
    }
    received += next.value.byteLength;
    assertReceived(expected, received, "so far");
    const full = writer.push(next.value);
    if (full !== null) await full;
  }
}

/** @throws RegistryError CHUNK_SIZE_MISMATCH */
function assertReceived(expected: number | null, received: number, which: "all" | "so far"): void {
  if (expected === null || received === expected) return;
  if (received < expected && which === "so far") return;
  const arrived = received > expected ? "more" : received;
  throw new RegistryError("CHUNK_SIZE_MISMATCH", {
    message: `${expected} bytes were declared, ${arrived} arrived`,
  });
}

/** Chunks, until the signal is aborted: that ends the wait for the next one as well, however long its sender is silent. */
interface Chunks {
  next(): Promise<IteratorResult<Uint8Array, unknown>>;
  /** Reads no further. */
  stop(): Promise<void>;
  /** Listens to the signal no longer. */
  forget(): void;
}

function untilAborted(body: AsyncIterator<Uint8Array>, signal: AbortSignal): Chunks {
  let wake: (() => void) | null = null;
  const onAbort = () => wake?.();
  // One listener for all chunks: a race with a promise that lives as long as the body would gather a reaction for each.
  signal.addEventListener("abort", onAbort, { once: true });
  return {
    next: () =>
      new Promise((resolve) => {
        wake = () => resolve({ done: true, value: signal.reason });
        if (signal.aborted) wake();
        else body.next().then(resolve, (error: unknown) => resolve(brokenBy(error)));
      }),
    stop: async () => {
      const stopped = body.return?.(undefined).catch(() => {});
      // A reader that waits for a silent sender notices this only when the sender sends.
      if (!signal.aborted) await stopped;
    },
    forget: () => signal.removeEventListener("abort", onAbort),
  };
}

/** The end of a body that broke: its value says why. */
function brokenBy(error: unknown): IteratorReturnResult<Error> {
  return { done: true, value: error instanceof Error ? error : new Error(String(error)) };
}
