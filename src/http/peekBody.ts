// Reads a body's beginning and leaves the body unchanged.
import type { Body } from "../storage/staging.ts";

/** The result of a peek. */
export interface Peeked {
  /** A copy of the whole, when it ends in time; null for a longer one. */
  readonly whole: Uint8Array | null;
  /** From its first byte on. */
  readonly body: Body;
}

/** Reads until `body` ends or has more than `longest` bytes. @throws what the body breaks with. */
export async function peekBody(body: Body, longest: number): Promise<Peeked> {
  const rest = body[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  for (let size = 0; size <= longest; ) {
    const { done, value } = await rest.next();
    if (done === true) return { whole: Buffer.concat(chunks), body: joined(body, chunks, rest) };
    chunks.push(value);
    size += value.byteLength;
  }
  return { whole: null, body: joined(body, chunks, rest) };
}

/** The chunks themselves, not copies: the body's reader releases their memory. */
function joined(
  { release }: Body,
  chunks: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): Body {
  return Object.assign(read(chunks, rest), release !== undefined && { release });
}

async function* read(chunks: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>) {
  try {
    yield* chunks;
    yield* { [Symbol.asyncIterator]: () => rest };
  } finally {
    await rest.return?.();
  }
}
