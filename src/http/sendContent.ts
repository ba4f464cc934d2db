// Stored content as an answer, whole or in ranges, for blobs and objects. Whole files and single ranges go to the server's native send.
import type { OpenContent } from "../content/intact.ts";
import { empty } from "./answers.ts";
import { rangesBody, rangesType } from "./byteRanges.ts";
import { type ByteSpan, chooseRanges } from "./ranges.ts";
import { longestTimeout, visitOf } from "./visit.ts";

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

/** What sending works with. */
export interface SendDeps {
  /** Is told how many bytes are sent. */
  readonly sent: (bytes: number) => void;
  /** Not to be guessed: parts of an answer are told apart by it. */
  readonly newId: () => string;
}

/** A client must neither run nor show what somebody pushed. */
export const asAttachment = { "content-disposition": "attachment" };
const acceptsRanges = { "accept-ranges": "bytes" };

/** The whole, or what Range asks for. */
export async function sendContent(
  { sent, newId }: SendDeps,
  request: Request,
  content: SentContent,
): Promise<Response> {
  visitOf(request).extend(longestTimeout);
  const { size, headers } = content;
  const range = rangeFor(content.etag, request.headers);
  const choice = chooseRanges(range, size);
  if (choice.kind === "none") {
    return empty(416, { ...acceptsRanges, "content-range": `bytes */${size}` });
  }
  if (choice.kind === "whole") {
    sent(size);
    // The server would answer any range of an empty file with 416.
    const body = size === 0 ? new Uint8Array() : content.body;
    return new Response(body, {
      headers: { ...headers, ...content.wholeHeaders, ...acceptsRanges },
    });
  }
  const spans = [choice.first, ...choice.others];
  sent(spans.reduce((sum, { start, end }) => sum + end - start, 0));
  if (choice.others.length > 0) return sendSpans(content, spans, newId());
  if (!(content.body instanceof Blob) || !nativeRange.test(range ?? "")) {
    return sendSpan(content, choice.first);
  }
  // The server cuts a file to its range itself, status and headers included.
  visitOf(request).sentStatus = 206;
  return new Response(content.body, { headers });
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

/** What the server can cut a file to: one range, of positions that it can count to (it sends all of the file for others). */
const nativeRange = /^bytes=(?:[0-9]{1,15}-[0-9]{0,15}|-[0-9]{1,15})$/;

function sendSpan({ size, body, headers }: SentContent, { start, end }: ByteSpan): Response {
  const part = body instanceof Blob ? body.slice(start, end) : body.subarray(start, end);
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
