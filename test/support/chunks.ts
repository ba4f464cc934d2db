// Bodies of uploads, as requests bring them.
import type { Chunk } from "../../src/uploads/session.ts";

/** A body of one piece. */
export async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** A chunk whose body ends cleanly. @param start its offset, where the client names it. */
export function chunkOf(bytes: Uint8Array, start: number | null = null): Chunk {
  const end = start === null ? null : start + bytes.length - 1;
  return { body: oneChunk(bytes), length: bytes.length, start, end };
}
