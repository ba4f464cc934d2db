// Digests of sessions that go from one replica to another: what is sealed was not read back. And whatever happens to a digest, the
// content is right.
import { afterAll, describe, expect, test } from "bun:test";
import { type Algorithm, digestOf } from "../../../src/model/digest.ts";
import type { Boundary } from "../../../src/model/staged.ts";
import type { S3Options } from "../../../src/storage/s3/s3.ts";
import { parseState, printState } from "../../../src/storage/s3/state.ts";
import type { Session } from "../../../src/storage/staging.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { beginSession, fresh } from "../../support/contents.ts";
import { FakeS3 } from "../../support/fakeS3.ts";
import { noise } from "../../support/store.ts";
import { cellBytes, hashing, newPrefix, openReplica } from "./stores.ts";

const server = new FakeS3();
afterAll(() => server.stop());
const signal = new AbortController().signal;
const bytes = noise(2 * cellBytes + 70_000);
const whole = [bytes.length];
const chunks = [cellBytes - 1, 3, 60_000, cellBytes];

/** A row. */
class Row {
  readonly ends: Boundary[] = [];
  session: Session;

  constructor(session: Session) {
    this.session = session;
  }

  async append({ staging }: Storage, length: number, inChunks: boolean): Promise<void> {
    const { offset } = this.session;
    const body = [bytes.slice(offset, offset + length)];
    const options = { expected: null, resumable: true, inChunks, signal };
    const to = await staging.append(this.session, only(body), options);
    if (to.digest !== null) this.ends.push({ offset: to.offset, digest: to.digest });
    const { digest: _, cut: __, ...session } = to;
    this.session = { ...session, boundaries: async () => this.ends };
  }
}

async function* only(body: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* body;
}

/** Two replicas, and the row of a session that begins at one. */
async function world(algorithm: Algorithm = "sha256", options: Partial<S3Options> = {}) {
  const prefix = newPrefix();
  const [a, b] = [
    await openReplica(server.bucket, prefix, options),
    await openReplica(server.bucket, prefix, options),
  ];
  const close = () => Promise.all([a.close(), b.close()]);
  return { a, b, row: new Row({ ...(await beginSession(a)), algorithm }), close };
}

/** Appends chunks at both in turn. */
async function fill(
  row: Row,
  on: readonly Storage[],
  lengths: readonly number[],
  inChunks: boolean,
) {
  for (const [turn, length] of lengths.entries()) {
    const storage = on[turn % on.length];
    if (storage !== undefined) await row.append(storage, length, inChunks);
  }
}

/** Seals. @returns the digest, and which objects were read for it. */
async function seal({ session }: Row, { staging }: Storage) {
  const before = server.calls.length;
  const outcome = await staging.seal(session, { ...fresh(), as: session.algorithm });
  const read = server.calls.slice(before).filter(({ name }) => name === "GetObject");
  return { digest: outcome.kind === "sealed" ? outcome.digest : outcome.kind, read: read.length };
}

const sent = (lengths: readonly number[]) =>
  bytes.subarray(
    0,
    lengths.reduce((sum, length) => sum + length, 0),
  );

describe("a session is sealed without being read back", () => {
  test.each<[string, Algorithm, readonly number[], boolean]>([
    ["of one stream, on the other replica", "sha256", whole, false],
    ["of chunks on both replicas in turn", "sha256", chunks, true],
    ["of chunks on both replicas in turn, by SHA-512", "sha512", chunks, true],
    ["of one chunk, on the other replica", "sha256", whole, true],
  ])("%s", async (_, algorithm, lengths, inChunks) => {
    const { a, b, row, close } = await world(algorithm);
    await fill(row, [a, b], lengths, inChunks);

    const sealed = await seal(row, lengths.length === 1 ? b : a);

    expect(sealed).toEqual({ digest: digestOf(sent(lengths), algorithm), read: 0 });
    expect(row.session.staging.length).toBeLessThan(2048);
    await close();
  });
});

describe("a session is read back", () => {
  test("when a stream broke and went on elsewhere", async () => {
    const { a, b, row, close } = await world();
    await fill(row, [a, b], chunks, false);

    expect(await seal(row, a)).toEqual({ digest: digestOf(sent(chunks)), read: 1 });
    await close();
  });

  test("when another version of the library kept the state of its digest", async () => {
    const { a, b, row, close } = await world();
    await row.append(a, 1_000, true);
    const state = parseState(row.session.staging);
    const kept = Buffer.from(state.hash?.state ?? "", "base64");
    kept.set([kept.readUInt8(0) ^ 1]);
    const hash = state.hash && { ...state.hash, state: kept.toString("base64") };
    row.session = { ...row.session, staging: printState({ ...state, hash }) };

    await row.append(b, 2_000, true);

    expect(await seal(row, b)).toEqual({ digest: digestOf(sent([3_000])), read: 1 });
    await close();
  });

  test("when the worker that hashed it died", async () => {
    const lost: string[] = [];
    const spawn = () => new Worker("data:text/javascript,setTimeout(() => process.exit(1), 50)");
    const onLost = (reason: string) => void lost.push(reason);
    const { a, b, row, close } = await world("sha256", {
      hashing: { ...hashing, spawn, onLost },
    });
    await fill(row, [a, b], chunks, true);

    expect(await seal(row, b)).toEqual({ digest: digestOf(sent(chunks)), read: 1 });
    expect(lost.length).toBeGreaterThan(0);
    await close();
  });
});
