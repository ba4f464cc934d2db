// Contract of staged bytes that are read while they are written.
import { describe, expect, test } from "bun:test";
import type { Storage } from "../../src/storage/storage.ts";
import { beginSession, fresh } from "../support/contents.ts";

/** More than a writer gathers before it writes. */
const batch = 600_000;
const filled = (value: number, length = batch) => new Uint8Array(length).fill(value);
const options = () => ({
  expected: null,
  resumable: true,
  signal: new AbortController().signal,
});

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

/** Part of `storageContract`. */
export function followContract(openStore: () => Promise<Storage>): void {
  const start = (storage: Storage) => beginSession(storage);

  describe("a reader that follows staged bytes", () => {
    test("gets what was written while more arrives, and ends with the append", async () => {
      const { staging } = await openStore();
      const session = await beginSession({ staging });
      const { body, goOn } = pausing(filled(1), () => filled(2, 100));
      const appending = staging.append(session, body, options());
      const reader = staging.follow(session)[Symbol.asyncIterator]();

      expect(await take(reader, batch)).toEqual(Buffer.from(filled(1)));
      goOn();

      expect(await take(reader, 100)).toEqual(Buffer.from(filled(2, 100)));
      expect(await reader.next()).toMatchObject({ done: true });
      expect((await appending).offset).toBe(batch + 100);
    });

    test("begins at its own offset, and several read at once", async () => {
      const { staging } = await openStore();
      const session = await beginSession({ staging });
      const { body, goOn } = pausing(filled(1), () => filled(2));
      const appending = staging.append(session, body, options());
      const offsets = [0, batch, 2 * batch];
      const readers = offsets.map((offset) =>
        Array.fromAsync(staging.follow({ ...session, offset })),
      );
      goOn();

      const sizes = (await Promise.all(readers)).map((chunks) => Buffer.concat(chunks).length);

      expect(sizes).toEqual(offsets.map((offset) => 2 * batch - offset));
      await appending;
    });

    test("that does not read does not hold the append up, and keeps its bytes after seal and discard", async () => {
      const storage = await openStore();
      const session = await start(storage);
      const { body, goOn } = pausing(filled(1), () => filled(2));
      const appending = storage.staging.append(session, body, options());
      const reader = storage.staging.follow(session)[Symbol.asyncIterator]();
      const first = await take(reader, 1);
      goOn();

      const appended = await appending;
      expect(await storage.staging.seal(appended, fresh())).toMatchObject({ kind: "sealed" });
      await storage.staging.discard(session.id, session.staging);

      const rest = await take(reader, 2 * batch - first.length);
      expect(Buffer.concat([first, rest])).toEqual(Buffer.concat([filled(1), filled(2)]));
      expect(await reader.next()).toMatchObject({ done: true });
    });

    test("fails with the reason when the body breaks, after the bytes that were kept", async () => {
      const { staging } = await openStore();
      const session = await beginSession({ staging });
      const { body, goOn } = pausing(filled(1), () => {
        throw new Error("the connection was cut");
      });
      const appending = staging.append(session, body, options());
      const reader = staging.follow(session)[Symbol.asyncIterator]();
      const kept = await take(reader, batch);
      goOn();

      expect((await appending).cut?.message).toBe("the connection was cut");
      expect(kept.length).toBe(batch);
      await expect(reader.next()).rejects.toThrow("the connection was cut");
    });

    test("fails when the writer loses its claim", async () => {
      const { staging } = await openStore();
      const session = await beginSession({ staging });
      const claim = new AbortController();
      const { body, goOn } = pausing(filled(1), () => filled(2));
      const appending = staging.append(session, body, { ...options(), signal: claim.signal });
      const reader = staging.follow(session)[Symbol.asyncIterator]();
      await take(reader, batch);
      claim.abort(new Error("the claim is lost"));
      goOn();

      await expect(appending).rejects.toThrow("the claim is lost");
      await expect(reader.next()).rejects.toThrow("the claim is lost");
    });

    test("that stops early leaves the append alone", async () => {
      const { staging } = await openStore();
      const session = await beginSession({ staging });
      const { body, goOn } = pausing(filled(1), () => filled(2));
      const appending = staging.append(session, body, options());
      for await (const _ of staging.follow(session)) break;
      goOn();

      expect((await appending).offset).toBe(2 * batch);
    });

    test("gets what is staged when nobody writes", async () => {
      const { staging } = await openStore();
      const session = await beginSession({ staging });
      await staging.append(
        session,
        (async function* () {
          yield filled(1, 100);
        })(),
        options(),
      );

      const chunks = await Array.fromAsync(staging.follow({ ...session, offset: 40 }));

      expect(Buffer.concat(chunks)).toEqual(Buffer.from(filled(1, 60)));
    });

    test("is told when there is no such session", async () => {
      const { staging } = await openStore();
      const session = await beginSession({ staging });
      await staging.discard(session.id, session.staging);

      const reading = Array.fromAsync(staging.follow(session));

      await expect(reading).rejects.toMatchObject({ situation: "UPLOAD_UNKNOWN" });
    });
  });
}
