// Contract of staged bytes that are read while they are written.
import { describe, expect, test } from "bun:test";
import type { Session, Staging } from "../../src/storage/staging.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { beginSession, fresh } from "../support/contents.ts";

/** More than a writer gathers before it writes. */
const batch = 600_000;
const filled = (value: number, length = batch) => new Uint8Array(length).fill(value);
const both = Buffer.concat([filled(1), filled(2)]);
const options = (signal = new AbortController().signal) => ({
  ...{ expected: null, resumable: true },
  signal,
});
const fromStart = (from = 0) => ({ from, signal: new AbortController().signal });

async function* bodyOf(...chunks: Uint8Array[]) {
  yield* chunks;
}

/** A body that goes on when the test says so. */
function pausing(first: Uint8Array, last: () => Uint8Array) {
  const gate = Promise.withResolvers<void>();
  const body = (async function* () {
    yield first;
    await gate.promise;
    yield last();
  })();
  return { body, goOn: () => gate.resolve() };
}

/** Reads until so many bytes have come. */
async function take(bytes: AsyncIterator<Uint8Array>, count: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let size = 0; size < count; ) {
    const { done, value } = await bytes.next();
    if (done === true) break;
    chunks.push(value);
    size += value.byteLength;
  }
  return Buffer.concat(chunks);
}

const readAll = async (bytes: AsyncIterable<Uint8Array>) =>
  Buffer.concat(await Array.fromAsync(bytes));

/** @throws Error where staged bytes cannot be read: then the suite must not ask. */
function followIn(staging: Pick<Staging, "follow">) {
  const { follow } = staging;
  if (follow === null) throw new Error("this storage reads no staged bytes");
  return follow.bind(staging);
}

/** Part of `storageContract`, for a storage whose staged bytes can be read. */
export function followContract(openStore: () => Promise<Storage>): void {
  const dropped = { situation: "UPLOAD_UNKNOWN" };

  /** A session in which an append has paused, and what reads it. */
  async function room(last: () => Uint8Array = () => filled(2)) {
    const storage = await openStore();
    const { staging } = storage;
    const session = await beginSession(storage);
    const { body, goOn } = pausing(filled(1), last);
    const claim = new AbortController();
    const appending = staging.append(session, body, options(claim.signal));
    const follow = (from = 0) =>
      followIn(staging)(session, fromStart(from))[Symbol.asyncIterator]();
    const seal = (appended: Session) => staging.seal(appended, fresh());
    const discard = () => staging.discard(session.id, session.staging);
    return { staging, session, goOn, claim, appending, follow, seal, discard };
  }

  describe("a reader that follows staged bytes", () => {
    test("gets what was written while more arrives, and ends when all of it is sealed", async () => {
      const { goOn, appending, follow, seal } = await room();
      const reader = follow();

      expect(await take(reader, batch)).toEqual(Buffer.from(filled(1)));
      goOn();
      expect(await take(reader, batch)).toEqual(Buffer.from(filled(2)));

      const end = reader.next();
      const appended = await appending;
      expect(await Promise.race([end, Bun.sleep(50).then(() => "waits")])).toBe("waits");
      await seal(appended);
      expect(await end).toMatchObject({ done: true });
    });

    test("reads on over an append that was cut and the one that resumes it", async () => {
      const { staging, goOn, appending, follow, seal } = await room(() => {
        throw new Error("the connection was cut");
      });
      const reader = follow();
      await take(reader, batch);
      goOn();
      const cut = await appending;

      const rest = take(reader, batch);
      const appended = await staging.append(cut, bodyOf(filled(2)), options());
      await seal(appended);

      expect(cut.cut?.message).toBe("the connection was cut");
      expect(await rest).toEqual(Buffer.from(filled(2)));
      expect(await reader.next()).toMatchObject({ done: true });
    });

    test("begins at its own offset, also after the seal, and several read at once", async () => {
      const { staging, session, goOn, appending, seal } = await room();
      const offsets = [0, batch, 2 * batch];
      const readers = offsets.map((from) => readAll(followIn(staging)(session, fromStart(from))));
      goOn();
      const appended = await appending;
      await seal(appended);
      readers.push(readAll(followIn(staging)(appended, fromStart(10))));

      const sizes = (await Promise.all(readers)).map((bytes) => bytes.length);

      expect(sizes).toEqual([...offsets, 10].map((from) => 2 * batch - from));
    });

    test("waits for the first byte", async () => {
      const { staging } = await openStore();
      const session = await beginSession({ staging });
      const reading = readAll(followIn(staging)(session, fromStart()));

      await staging.seal(await staging.append(session, bodyOf(both), options()), fresh());

      expect(await reading).toEqual(both);
    });

    test("that does not read does not hold the append up, and keeps its bytes after the session's end", async () => {
      const { goOn, appending, follow, seal, discard } = await room();
      const reader = follow();
      const first = await take(reader, 1);
      goOn();

      await seal(await appending);
      await discard();

      const rest = await take(reader, 2 * batch - first.length);
      expect(Buffer.concat([first, rest])).toEqual(both);
      expect(await reader.next()).toMatchObject({ done: true });
    });

    test("fails when the writer loses its claim", async () => {
      const { goOn, claim, appending, follow } = await room();
      const reader = follow();
      await take(reader, batch);
      claim.abort(new Error("the claim is lost"));
      goOn();

      await expect(appending).rejects.toThrow("the claim is lost");
      await expect(reader.next()).rejects.toThrow("the claim is lost");
    });

    test("fails when the session is dropped", async () => {
      const { goOn, appending, follow, discard } = await room();
      const reader = follow();
      await take(reader, batch);
      const failure = reader.next().catch((error: unknown) => error);
      await discard();

      expect(await failure).toMatchObject(dropped);
      goOn();
      await appending.catch(() => {});
    });

    test("fails when bytes that it may have are written anew", async () => {
      const { staging, session, goOn, appending, follow } = await room();
      const reader = follow();
      await take(reader, batch);
      const failure = take(reader, 2 * batch).catch((error: unknown) => error);
      goOn();
      await appending;

      // The row was not advanced: the same session again.
      await staging.append(session, bodyOf(filled(3)), options());

      expect(await failure).toMatchObject(dropped);
    });

    test("that stops early leaves the append alone, also while it waits", async () => {
      const { staging, session, goOn, appending, follow } = await room();
      const gone = new AbortController();
      for await (const _ of { [Symbol.asyncIterator]: follow }) break;
      const waiting = followIn(staging)(session, { from: batch, signal: gone.signal });
      const reading = readAll(waiting);
      gone.abort(new Error("the client is gone"));

      await expect(reading).rejects.toThrow("the client is gone");
      goOn();
      expect((await appending).offset).toBe(2 * batch);
    });

    test("is told when there is no such session", async () => {
      const { staging } = await openStore();
      const session = await beginSession({ staging });
      await staging.discard(session.id, session.staging);

      const reading = readAll(followIn(staging)(session, fromStart()));

      await expect(reading).rejects.toMatchObject(dropped);
    });
  });
}
