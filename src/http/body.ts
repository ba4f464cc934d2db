// Request bodies as they flow: counted, limited, and with a connection that stays open for as long as bytes keep coming.
import { RegistryError } from "../errors.ts";
import type { Body } from "../storage/staging.ts";
import { contentLength } from "./headers.ts";
import { RateWindow } from "./rateWindow.ts";
import { longestTimeout, type RequestContext } from "./requestContext.ts";

/** How slow a client may be. */
export interface Pace {
  /** Monotonic ms. */
  readonly now: () => number;
  /** Least mean rate of the last minute, bytes a second; 0 for none. */
  readonly minBytesPerSecond: number;
}

/** Idle seconds a sender is granted each time. */
const patienceSeconds = 60;
/** An upload that is fast must not spend its time on timers. */
const extendAtMostEveryMs = 1_000;

/** True when the request has a body that its header announces. */
export function hasBody(headers: Headers): boolean {
  return headers.has("transfer-encoding") || (contentLength(headers) ?? 0) > 0;
}

/**
 * The body of a request, null when there is none. Bun's idle limit is in effect a minimum rate of 16 KiB/s: the connection is
 * extended while bytes flow, so that only who sends nothing for a minute meets it. Everyone else meets `pace`.
 * @param maxBytes 0 for no limit. @throws RegistryError BODY_TOO_LARGE before reading when the length was declared,
 * else (from the iterator) as soon as the limit is passed; BODY_TOO_SLOW (from the iterator).
 */
export function openBody(context: RequestContext, maxBytes: number, pace: Pace): Body | null {
  const { headers, body } = context.request;
  const limit = maxBytes === 0 ? Number.POSITIVE_INFINITY : maxBytes;
  if ((contentLength(headers) ?? 0) > limit) throw tooLarge(maxBytes);
  if (body === null || !hasBody(headers)) {
    end(context);
    return null;
  }
  return Object.assign(paced(context, body, limit, pace), { release });
}

/** Each chunk of a request's body has memory of its own: moving it away frees it. */
function release(chunk: Uint8Array): void {
  const { buffer } = chunk;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === chunk.byteLength) buffer.transfer(0);
}

async function* paced(
  context: RequestContext,
  body: ReadableStream<Uint8Array>,
  limit: number,
  { now, minBytesPerSecond }: Pace,
): AsyncGenerator<Uint8Array> {
  const announced = contentLength(context.request.headers);
  const window = new RateWindow();
  let waitedMs = 0;
  let askedAt = now();
  let extendedAt = askedAt;
  context.extend(patienceSeconds);
  for await (const chunk of arriving(body)) {
    // Only time spent waiting for the client counts against it: a slow disk is no fault of its.
    waitedMs += now() - askedAt;
    context.received += chunk.byteLength;
    if (context.received > limit) throw tooLarge(limit);
    const rate = window.count(waitedMs / 1000, chunk.byteLength);
    context.awaitsClient = false;
    yield chunk;
    if (rate < minBytesPerSecond && context.received !== announced) {
      throw tooSlow(context, minBytesPerSecond);
    }
    context.awaitsClient = true;
    askedAt = now();
    if (askedAt - extendedAt < extendAtMostEveryMs) continue;
    context.extend(patienceSeconds);
    extendedAt = askedAt;
  }
  end(context);
}

/** A client that leaves, or breaks its framing, is no failure of the server's: it is logged and counted as a bad request. */
function arriving(body: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  const refuse = (cause: unknown): never => {
    throw new RegistryError("REQUEST_INVALID", {
      message: "the body ended before its declared length",
      cause,
    });
  };
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => chunks.next().catch(refuse),
      return: async () => (await chunks.return?.()) ?? { done: true, value: undefined },
    }),
  };
}

/** From here on the client waits for the server, not the server for the client. */
function end(context: RequestContext): void {
  context.bodyEnded = true;
  context.awaitsClient = false;
  context.extend(longestTimeout);
}

/** The rest of the body would not be read. */
function tooSlow(context: RequestContext, minBytesPerSecond: number): RegistryError {
  context.abandoned = true;
  const kept = context.foreign ? "" : "; an upload session keeps the bytes that arrived";
  return new RegistryError("BODY_TOO_SLOW", {
    message: `the body arrived more slowly than ${minBytesPerSecond} bytes a second for a minute${kept}`,
  });
}

function tooLarge(limit: number): RegistryError {
  return new RegistryError("BODY_TOO_LARGE", {
    message: `the body is larger than the ${limit} bytes this registry accepts`,
  });
}

/** The longest body of one kind. */
export interface SmallBody {
  readonly kind: "manifest" | "form";
  readonly maxBytes: number;
}

/**
 * Reads a whole body of at most `maxBytes` into memory.
 * @throws RegistryError MANIFEST_TOO_LARGE or, for a form, BODY_TOO_LARGE, before reading when the length was declared; BODY_TOO_SLOW; REQUEST_INVALID when the
 * body ends early.
 */
export async function readSmallBody(
  context: RequestContext,
  limit: SmallBody,
  pace: Pace,
): Promise<Uint8Array> {
  const declared = contentLength(context.request.headers);
  if ((declared ?? 0) > limit.maxBytes) throw longerThan(limit);
  const chunks: Uint8Array[] = [];
  for await (const chunk of openBody(context, 0, pace) ?? []) {
    if (context.received > limit.maxBytes) throw longerThan(limit);
    chunks.push(chunk);
  }
  const [only, ...others] = chunks;
  return only !== undefined && others.length === 0 ? only : Buffer.concat(chunks);
}

function longerThan({ kind, maxBytes }: SmallBody): RegistryError {
  return new RegistryError(kind === "manifest" ? "MANIFEST_TOO_LARGE" : "BODY_TOO_LARGE", {
    message: `the ${kind} is larger than the ${maxBytes} bytes this registry accepts`,
  });
}
