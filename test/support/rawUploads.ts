// Uploads of any size over a raw connection, with the time of each step: for the bench and for the tests of large blobs.
import { createHash } from "node:crypto";
import { type Answer, type Ask, type Body, bodyDigest, type Connection } from "./connection.ts";

/** Content to send, and what it is called. */
export interface Prepared {
  readonly body: Body;
  readonly digest: string;
}

/** Milliseconds of each step of one upload. `totalMs` runs from the first byte sent to the last answer. */
export interface UploadTimes {
  readonly postMs: number;
  readonly patchMs: number;
  readonly putMs: number;
  readonly totalMs: number;
}

const octets = { "Content-Type": "application/octet-stream" };

/** Computes the digest ahead of time. @param head makes the content unique; `block` fills up to `size` bytes. */
export function prepareUpload(head: Uint8Array, block: Uint8Array, size: number): Prepared {
  const body = { head: head.subarray(0, size), block, size };
  return { body, digest: bodyDigest(body) };
}

/** Asks, and throws what came back when its status is not among those expected. */
export async function askFor(
  connection: Connection,
  statuses: readonly number[],
  ask: Ask,
): Promise<Answer> {
  const answer = await connection.ask(ask);
  if (statuses.includes(answer.status)) return answer;
  throw new Error(`${ask.method} ${ask.path}: ${answer.status} ${answer.excerpt}`);
}

/** Path and query of a Location, absolute or relative, with `digest` added. */
export function locationPath(answer: Answer, digest?: string): string {
  const url = new URL(answer.headers.get("location") ?? "", "http://127.0.0.1");
  if (digest !== undefined) url.searchParams.append("digest", digest);
  return url.pathname + url.search;
}

/** Begins an upload session. */
export const startUpload = (connection: Connection, name: string): Promise<Answer> =>
  askFor(connection, [202], { method: "POST", path: `/v2/${name}/blobs/uploads/` });

/** POST, one PATCH with everything, closing PUT without a body. With `chunked` the PATCH states no length. */
export async function uploadInPatch(
  connection: Connection,
  name: string,
  { body, digest, chunked = false }: Prepared & { readonly chunked?: boolean },
): Promise<UploadTimes> {
  const started = performance.now();
  const session = await startUpload(connection, name);
  const posted = performance.now();
  const path = locationPath(session);
  const ask = { method: "PATCH", path, headers: octets, body, chunked };
  const chunk = await askFor(connection, [202], ask);
  const patched = performance.now();
  await askFor(connection, [201], { method: "PUT", path: locationPath(chunk, digest) });
  const done = performance.now();
  return {
    postMs: posted - started,
    patchMs: patched - posted,
    putMs: done - patched,
    totalMs: done - started,
  };
}

/** POST, a PATCH for each of `bodies` with its range, closing PUT without a body. @param digest of all of them together. */
export async function uploadInChunks(
  connection: Connection,
  name: string,
  { bodies, digest }: { readonly bodies: readonly Body[]; readonly digest: string },
): Promise<void> {
  let answer = await startUpload(connection, name);
  let offset = 0;
  for (const body of bodies) {
    const range = `${offset}-${offset + body.size - 1}`;
    const headers = { ...octets, "Content-Range": range };
    const ask = { method: "PATCH", path: locationPath(answer), headers, body };
    answer = await askFor(connection, [202], ask);
    offset += body.size;
  }
  await askFor(connection, [201], { method: "PUT", path: locationPath(answer, digest) });
}

/** POST, then everything in the closing PUT. */
export async function uploadInPut(
  connection: Connection,
  name: string,
  { body, digest }: Prepared,
): Promise<void> {
  const session = await startUpload(connection, name);
  const path = locationPath(session, digest);
  await askFor(connection, [201], { method: "PUT", path, headers: octets, body });
}

/** Everything in one POST?digest=. */
export async function uploadInPost(
  connection: Connection,
  name: string,
  { body, digest }: Prepared,
): Promise<void> {
  const path = `/v2/${name}/blobs/uploads/?digest=${digest}`;
  await askFor(connection, [201], { method: "POST", path, headers: octets, body });
}

/** Pulls a blob without holding it. @returns the digest and the count of the bytes that came. */
export async function pullAndHash(connection: Connection, name: string, digest: string) {
  const hasher = createHash("sha256");
  const { bytes } = await askFor(connection, [200], {
    method: "GET",
    path: `/v2/${name}/blobs/${digest}`,
    onBody: (chunk) => hasher.update(chunk),
  });
  return { digest: `sha256:${hasher.digest("hex")}`, size: bytes };
}
