// Request bodies as they flow: counted, limited, and with a connection that stays open for as long as bytes keep coming.
import { RegistryError } from "../errors.ts";
import type { Body } from "../storage/storage.ts";
import { contentLength } from "./headers.ts";
import { longestTimeout, type Visit } from "./visit.ts";

/** How slow a client may be. */
export interface Pace {
  /** Monotonic ms. */
  readonly now: () => number;
  /** A connection that gave less than this since it was last extended is not extended: bytes per second. */
  readonly minBytesPerSecond: number;
  /** Idle seconds a sender is granted each time. */
  readonly patienceSeconds: number;
}

/** Slower senders than 256 bytes a second are cut a minute later. */
export const uploadPace: Pace = {
  now: () => performance.now(),
  minBytesPerSecond: 256,
  patienceSeconds: 60,
};

/** True when the request has a body that its header announces. */
export function hasBody(headers: Headers): boolean {
  return headers.has("transfer-encoding") || (contentLength(headers) ?? 0) > 0;
}

/**
 * The body of an upload, null when there is none. Bun's idle limit is in effect a minimum rate of 16 KiB/s: the connection is
 * extended while bytes flow, at most once a second.
 * @param maxBytes 0 for no limit. @throws RegistryError BODY_TOO_LARGE before reading when the length was declared,
 * else (from the iterator) as soon as the limit is passed.
 */
export function openBody(visit: Visit, maxBytes: number, pace: Pace = uploadPace): Body | null {
  const { headers, body } = visit.request;
  const limit = maxBytes === 0 ? Number.POSITIVE_INFINITY : maxBytes;
  if ((contentLength(headers) ?? 0) > limit) throw tooLarge(maxBytes);
  if (body === null || !hasBody(headers)) {
    end(visit);
    return null;
  }
  return Object.assign(paced(visit, body, limit, pace), { release });
}

/** Each chunk of a request's body has memory of its own: moving it away frees it. */
function release(chunk: Uint8Array): void {
  const { buffer } = chunk;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === chunk.byteLength) buffer.transfer(0);
}

async function* paced(
  visit: Visit,
  body: AsyncIterable<Uint8Array>,
  limit: number,
  pace: Pace,
): AsyncGenerator<Uint8Array> {
  visit.extend(pace.patienceSeconds);
  let extendedAt = pace.now();
  let sinceExtended = 0;
  for await (const chunk of arriving(body)) {
    visit.received += chunk.byteLength;
    if (visit.received > limit) throw tooLarge(limit);
    sinceExtended += chunk.byteLength;
    const seconds = (pace.now() - extendedAt) / 1000;
    if (seconds >= 1 && sinceExtended >= pace.minBytesPerSecond * seconds) {
      visit.extend(pace.patienceSeconds);
      extendedAt += seconds * 1000;
      sinceExtended = 0;
    }
    yield chunk;
  }
  end(visit);
}

/** A client that leaves, or breaks its framing, is no failure of the server's: it is logged and counted as a bad request. */
async function* arriving(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    throw new RegistryError("REQUEST_INVALID", {
      message: "the body ended before its announced end",
      cause,
    });
  }
}

/** From here on the client waits for the server, not the server for the client. */
function end(visit: Visit): void {
  visit.bodyEnded = true;
  visit.extend(longestTimeout);
}

function tooLarge(limit: number): RegistryError {
  return new RegistryError("BODY_TOO_LARGE", {
    message: `the body is larger than the ${limit} bytes this registry accepts`,
  });
}

/**
 * Reads a whole body of at most `maxBytes` into memory.
 * @throws RegistryError MANIFEST_TOO_LARGE, before reading when the length was declared; REQUEST_INVALID when the body ends early.
 */
export async function readSmallBody(visit: Visit, maxBytes: number): Promise<Uint8Array> {
  const declared = contentLength(visit.request.headers);
  if ((declared ?? 0) > maxBytes) throw manifestTooLarge(maxBytes);
  const chunks: Uint8Array[] = [];
  for await (const chunk of openBody(visit, 0) ?? []) {
    if (visit.received > maxBytes) throw manifestTooLarge(maxBytes);
    chunks.push(chunk);
  }
  const [only, ...others] = chunks;
  return only !== undefined && others.length === 0 ? only : Buffer.concat(chunks);
}

function manifestTooLarge(limit: number): RegistryError {
  return new RegistryError("MANIFEST_TOO_LARGE", {
    message: `the manifest is larger than the ${limit} bytes this registry accepts`,
  });
}
