// Content that is read while it is sent, piece by piece: one range, or several in one answer (multipart/byteranges; RFC 9110, 14.6).
import type { ContentReader } from "../content/intact.ts";
import type { ByteSpan } from "./ranges.ts";

/** Whose ranges are sent, and how its bytes are read. */
export interface RangesSource {
  readonly mediaType: string;
  /** Bytes of the whole. */
  readonly size: number;
  /** Must not occur in the content, so it is unpredictable for pushers. Letters, digits and `-`. */
  readonly boundary: string;
  /** Called when the first piece is made; what it opens is closed after the last one. */
  readonly openReader: () => Promise<ContentReader>;
}

/** Bytes read at a time: each piece costs a turn of a worker and one of the connection, more than its bytes do. */
const step = 512 * 1024;
/** Up to this size an answer is made in memory, and has a Content-Length: the server gives none to what it streams. */
const gathered = 1_048_576;

/** The answer's media type. */
export function rangesType(boundary: string): string {
  return `multipart/byteranges; boundary=${boundary}`;
}

/** The body of the answer, in constant memory for any size. Reading ends when the client disconnects. */
export async function rangesBody(
  source: RangesSource,
  spans: readonly ByteSpan[],
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>> {
  const pieces = makePieces(source, spans);
  if (answerSize(source, spans) > gathered) return streamOf(pieces);
  // A piece is valid until the next one.
  return Buffer.concat(await Array.fromAsync(pieces, (piece) => Buffer.from(piece)));
}

/** The bytes of one span, in constant memory for any length. Reading ends when the client disconnects. */
export function spanBody(
  openReader: RangesSource["openReader"],
  span: ByteSpan,
): ReadableStream<Uint8Array> {
  return streamOf(makePiecesOf(openReader, span));
}

/** Bytes of the whole answer. */
function answerSize(source: RangesSource, spans: readonly ByteSpan[]): number {
  const heads = spans.map((span, index) => headOf(source, span, index).length);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, next) => total + next, 0);
  return sum(heads) + sum(spans.map(({ start, end }) => end - start)) + endOf(source).length;
}

/** In ASCII: as many bytes as characters. */
function headOf(
  { boundary, mediaType, size }: RangesSource,
  { start, end }: ByteSpan,
  index: number,
): string {
  const lines = [
    `${index === 0 ? "" : "\r\n"}--${boundary}`,
    `Content-Type: ${mediaType}`,
    `Content-Range: bytes ${start}-${end - 1}/${size}`,
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

function endOf({ boundary }: RangesSource): string {
  return `\r\n--${boundary}--\r\n`;
}

async function* makePieces(
  source: RangesSource,
  spans: readonly ByteSpan[],
): AsyncGenerator<Uint8Array> {
  const reader = await source.openReader();
  try {
    for (const [index, span] of spans.entries()) {
      yield Buffer.from(headOf(source, span, index), "latin1");
      yield* readSpan(reader, span);
    }
    yield Buffer.from(endOf(source), "latin1");
  } finally {
    await reader.close();
  }
}

async function* makePiecesOf(
  openReader: RangesSource["openReader"],
  span: ByteSpan,
): AsyncGenerator<Uint8Array> {
  const reader = await openReader();
  try {
    yield* readSpan(reader, span);
  } finally {
    await reader.close();
  }
}

async function* readSpan(
  reader: ContentReader,
  { start, end }: ByteSpan,
): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; at += step) {
    yield await reader.read(at, Math.min(at + step, end));
  }
}

/** Makes a piece whenever the connection takes one. */
function streamOf(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => {
        await pieces.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
