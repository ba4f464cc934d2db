// Stored content as an answer, whole or in ranges, for blobs and objects. Bytes in memory are sent by the server's native send.
import type { OpenContent } from "../content/intact.ts";
import { empty } from "./answers.ts";
import { rangesBody, rangesType, spanBody } from "./byteRanges.ts";
import { type ByteSpan, chooseRanges } from "./ranges.ts";
import { contextOf, longestTimeout } from "./requestContext.ts";
import { shareBody } from "./sharedBodies.ts";
import { longAnswer } from "./slowReaders.ts";

/** Headers of an answer. */
export type AnswerHeaders = Readonly<Record<string, string>>;

/** Content that a request asks for. */
export interface SentContent extends OpenContent {
  readonly mediaType: string;
  /** With its quotes: what `If-Range` is held against. */
  readonly etag: string;
  readonly headers: AnswerHeaders;
  /** Headers for the whole only. */
  readonly wholeHeaders?: AnswerHeaders;
}

/** The dependencies of sending. */
export interface SendDeps {
  /** Receives the number of bytes that are sent. */
  readonly sent: (bytes: number) => void;
  /** Must be unpredictable: it separates the parts of an answer. */
  readonly newId: () => string;
}

/** A client must neither run nor display pushed content. */
export const asAttachment = { "content-disposition": "attachment" };
const acceptsRanges = { "accept-ranges": "bytes" };

/** Up to this size content is copied: opening the file once more costs more. Bytes. */
const copied = 64 * 1024;
/** What of the content is not in memory is read before its answer begins up to this length, and while it is sent beyond it. Bytes. */
const fetchedFirst = 32 * 1024 * 1024;

/** The whole, or what Range asks for. */
export async function sendContent(
  deps: SendDeps,
  request: Request,
  content: SentContent,
): Promise<Response> {
  const response = await chosen(deps, request, content);
  return content.size > copied ? longAnswer(response) : response;
}

async function chosen(
  { sent, newId }: SendDeps,
  request: Request,
  content: SentContent,
): Promise<Response> {
  contextOf(request).extend(longestTimeout);
  const { size, headers } = content;
  const range = rangeFor(content.etag, request.headers);
  const choice = chooseRanges(range, size);
  if (choice.kind === "none") {
    return empty(416, { ...acceptsRanges, "content-range": `bytes */${size}` });
  }
  if (choice.kind === "whole") {
    sent(size);
    const part = await partOf(request, content, { start: 0, end: size });
    return new Response(part ?? content.body, {
      headers: { ...headers, ...content.wholeHeaders, ...acceptsRanges },
    });
  }
  const spans = [choice.first, ...choice.others];
  sent(spans.reduce((sum, { start, end }) => sum + end - start, 0));
  if (choice.others.length > 0) return sendSpans(content, spans, newId());
  const part = await partOf(request, content, choice.first);
  if (part !== null) return sendSpan(content, choice.first, part);
  const { body } = content;
  if (body === null) throw new Error("only a file is sent without being read");
  if (!nativeRange.test(range ?? "")) {
    return sendSpan(content, choice.first, slice(body, choice.first));
  }
  // The server cuts a file to its range itself, status and headers included.
  contextOf(request).sentStatus = 206;
  return new Response(body, { headers });
}

/** A body, or null when the server can send these bytes of the file without waiting for a disk: it does that on the thread that answers everybody. */
async function partOf(
  { signal }: Request,
  { body, etag, openReader }: SentContent,
  span: ByteSpan,
): Promise<Uint8Array | Blob | ReadableStream<Uint8Array> | null> {
  const { start, end } = span;
  if (start === end) return new Uint8Array();
  if (body instanceof Uint8Array) return slice(shareBody(body, etag), span);
  const reader = await openReader();
  try {
    if (end - start <= copied) return new Uint8Array(await reader.read(start, end));
    if (body === null) return spanBody(openReader, span);
    const missing = await reader.missing(start, end);
    if (missing === 0) return null;
    if (missing > fetchedFirst) return spanBody(openReader, span);
    const fetched = await reader.fetch(start, end, () => !signal.aborted);
    return fetched ? null : spanBody(openReader, span);
  } finally {
    await reader.close();
  }
}

/** The answer to a HEAD: no byte of the content is read. */
export function headContent({
  size,
  headers,
  wholeHeaders,
}: Pick<SentContent, "size" | "headers" | "wholeHeaders">): Response {
  return new Response(null, {
    headers: { ...headers, ...wholeHeaders, ...acceptsRanges, "content-length": String(size) },
  });
}

/** The Range header, unless it is about another version. */
function rangeFor(etag: string, headers: Headers): string | null {
  const version = headers.get("if-range");
  return version === null || version === etag ? headers.get("range") : null;
}

/** A Range header that the server applies itself: one range, of positions that it can count to (it sends all of the file for others). */
const nativeRange = /^bytes=(?:[0-9]{1,15}-[0-9]{0,15}|-[0-9]{1,15})$/;

const slice = (body: Uint8Array | Blob, { start, end }: ByteSpan) =>
  body instanceof Blob ? body.slice(start, end) : body.subarray(start, end);

function sendSpan(
  { size, headers }: SentContent,
  { start, end }: ByteSpan,
  part: ReturnType<typeof slice> | ReadableStream<Uint8Array>,
): Response {
  const contentRange = `bytes ${start}-${end - 1}/${size}`;
  return new Response(part, {
    status: 206,
    headers: { ...headers, ...acceptsRanges, "content-range": contentRange },
  });
}

async function sendSpans(
  { size, mediaType, openReader, headers }: SentContent,
  spans: readonly ByteSpan[],
  boundary: string,
): Promise<Response> {
  const parts = await rangesBody({ size, mediaType, boundary, openReader }, spans);
  return new Response(parts, {
    status: 206,
    headers: { ...headers, ...acceptsRanges, "content-type": rangesType(boundary) },
  });
}
