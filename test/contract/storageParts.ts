// Contract of staged parts: received under a name of their own, recorded when their row is durable, dropped with their upload.

import { describe, expect, test } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import { Fingerprint } from "../../src/model/fingerprint.ts";
import type { StagedPart } from "../../src/model/staged.ts";
import { makeUploadId, type UploadId } from "../../src/model/uploadId.ts";
import type { Body } from "../../src/storage/staging.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { beginSession, contentText, fresh, sealed, stagedText } from "../support/contents.ts";

const unknown = { expected: null, signal: new AbortController().signal };
const resumable = { ...unknown, resumable: true };
const text = (value: string) => new TextEncoder().encode(value);
const newId = (): UploadId => makeUploadId(Bun.randomUUIDv7());

async function* once(value: string): AsyncGenerator<Uint8Array> {
  yield text(value);
}

async function* broken(value: string): AsyncGenerator<Uint8Array> {
  yield text(value);
  throw new Error("the connection was cut");
}

async function receive(
  storage: Storage,
  id: UploadId,
  number: number,
  value: string,
): Promise<StagedPart> {
  const { place, size } = await storage.parts.receive(id, number, once(value), unknown);
  const fingerprint = new Fingerprint();
  fingerprint.update(text(value));
  return { number, size, etag: fingerprint.etag(), place, createdAt: 0 };
}

const record = (
  storage: Storage,
  id: UploadId,
  part: StagedPart,
  replaced: StagedPart | null = null,
) => storage.parts.recorded(id, { part, replaced }, async () => [part]);

/** What is wrong with a part; null when it is there as it was received. */
const fault = ({ repair }: Storage, part: Pick<StagedPart, "place" | "size">) =>
  repair.partFault(part);

/** What the parts are together, as text. */
async function completed(storage: Storage, id: UploadId, ...parts: StagedPart[]) {
  const sealed = await storage.parts.complete(id, parts, fresh());
  if (sealed.kind === "mismatch" || sealed.locator === null) throw new Error("nothing sealed");
  return contentText(storage, sealed.locator);
}

const uploads = (storage: Storage) => Array.fromAsync(storage.parts.list());

/** Part of `storageContract`. */
export function partsContract(openStore: () => Promise<Storage>): void {
  describe("a staged part", () => {
    test("is stored before and after its row is durable, and its size is returned", async () => {
      const storage = await openStore();
      const id = newId();

      const part = await storage.parts.receive(id, 1, once("abc"), {
        expected: 3,
        signal: new AbortController().signal,
      });

      expect([part.size, part.cut]).toEqual([3, null]);
      expect(await fault(storage, part)).toBeNull();
      expect(await fault(storage, { ...part, size: 2 })).toBe("longer");
      expect(await fault(storage, { ...part, size: 4 })).toBe("shorter");
      const row = { ...part, number: 1, etag: new Fingerprint().etag(), createdAt: 0 };
      await record(storage, id, row);
      await record(storage, id, row);
      expect(await fault(storage, part)).toBeNull();
      expect(await uploads(storage)).toEqual([id]);
    });

    test("may be empty, and may have a number of six digits", async () => {
      const storage = await openStore();
      const id = newId();

      const parts = [await receive(storage, id, 1, ""), await receive(storage, id, 100_000, "x")];
      for (const part of parts) await record(storage, id, part);

      expect(await completed(storage, id, ...parts)).toBe("x");
    });

    test("is kept until the row of its replacement is durable", async () => {
      const storage = await openStore();
      const id = newId();
      const first = await receive(storage, id, 7, "first");
      await record(storage, id, first);

      const second = await receive(storage, id, 7, "second");

      expect(second.place).not.toEqual(first.place);
      expect(await completed(storage, id, first)).toBe("first");
      expect(await completed(storage, id, second)).toBe("second");
      await record(storage, id, second, first);
      expect(await completed(storage, id, second)).toBe("second");
      expect(await fault(storage, first)).not.toBeNull();
    });

    test("dropped before its row was written leaves the previous one, and can be dropped twice", async () => {
      const storage = await openStore();
      const id = newId();
      const first = await receive(storage, id, 7, "first");
      await record(storage, id, first);
      const second = await receive(storage, id, 7, "second");

      await storage.parts.drop(second.place);
      await storage.parts.drop(second.place);

      expect(await completed(storage, id, first)).toBe("first");
    });

    test("whose body breaks reports the reason and leaves nothing", async () => {
      const storage = await openStore();
      const id = newId();

      const part = await storage.parts.receive(id, 1, broken("abc"), unknown);

      expect(part.cut?.message).toBe("the connection was cut");
      expect(await fault(storage, part)).toBe("missing");
      expect(await uploads(storage)).toEqual([]);
    });

    test("that exceeds the limit is refused before it is read", async () => {
      const storage = await openStore();
      const body = broken("never read");

      const refused = storage.parts.receive(newId(), 1, body, {
        expected: Number.MAX_SAFE_INTEGER,
        signal: new AbortController().signal,
      });

      await expect(refused).rejects.toMatchObject({ situation: "DISK_FULL" });
      expect(await uploads(storage)).toEqual([]);
    });

    test("whose upload is dropped while it arrives fails with unknown upload", async () => {
      const storage = await openStore();
      const id = newId();
      const body: Body = (async function* () {
        yield text("abc");
        await storage.parts.discard(id);
      })();

      const late = storage.parts.receive(id, 1, body, unknown);

      await expect(late).rejects.toMatchObject({ situation: "MULTIPART_UNKNOWN" });
      expect(await uploads(storage)).toEqual([]);
    });

    test("that arrived for a dropped upload is deleted with its folder", async () => {
      const storage = await openStore();
      const id = newId();
      await receive(storage, id, 1, "abc");
      await storage.parts.discard(id);

      await storage.parts.drop((await receive(storage, id, 2, "late")).place);

      expect(await uploads(storage)).toEqual([]);
    });

    test("arrives whole while 50 others break", async () => {
      const storage = await openStore();
      const id = newId();
      const breaking = Array.from({ length: 50 }, (_, at) =>
        storage.parts.receive(id, at + 2, broken("x"), unknown),
      );

      const part = await receive(storage, id, 1, "abc");
      await Promise.all(breaking);

      expect(await completed(storage, id, part)).toBe("abc");
    });
  });

  describe("the parts of an upload", () => {
    test("are deleted when it is dropped, twice as well, and those of others are not", async () => {
      const storage = await openStore();
      const [dropped, kept] = [newId(), newId()];
      const gone = await receive(storage, dropped, 1, "abc");
      const stays = await receive(storage, kept, 1, "xyz");

      await storage.parts.discard(dropped);
      await storage.parts.discard(dropped);

      expect(await fault(storage, gone)).toBe("missing");
      expect(await completed(storage, kept, stays)).toBe("xyz");
      expect(await uploads(storage)).toEqual([kept]);
      await record(storage, dropped, gone);
      await storage.parts.drop(gone.place);
    });

    test("are not listed as staged bytes of sessions", async () => {
      const storage = await openStore();

      await receive(storage, newId(), 1, "abc");

      expect(await Array.fromAsync(storage.staging.list())).toEqual([]);
    });
  });

  describe("a put of one request", () => {
    test("is appended, sealed and dropped like a session's bytes", async () => {
      const storage = await openStore();
      const session = await beginSession(storage, null);

      const options = { expected: null, resumable: false, signal: new AbortController().signal };
      const locator = await sealed(
        storage,
        await storage.staging.append(session, once("abc"), options),
      );

      await storage.parts.discard(session.id);
      expect(await uploads(storage)).toEqual([]);
      expect(await contentText(storage, locator)).toBe("abc");
    });

    test("does not collide with a session of the same id", async () => {
      const storage = await openStore();
      const whole = await beginSession(storage, null);
      const state = await storage.staging.begin(whole.id, 0);
      const session = await storage.staging.append(
        { ...whole, staging: state },
        once("abc"),
        resumable,
      );

      await storage.parts.discard(whole.id);

      expect(await stagedText(storage, session)).toBe("abc");
    });
  });

  describe("parts that are completed", () => {
    test("become one content in the order of the list, even without their row data", async () => {
      const storage = await openStore();
      const id = newId();
      const [one, two] = [
        await receive(storage, id, 1, "one "),
        await receive(storage, id, 2, "two"),
      ];

      expect(await completed(storage, id, two, one)).toBe("twoone ");
      expect(await completed(storage, id, one, two)).toBe("one two");
    });

    test("can be appended to, or completed again, after the content has its name", async () => {
      const storage = await openStore();
      const id = newId();
      const one = await receive(storage, id, 1, "one");
      const expected = [digestOf(text("one")), digestOf(text("two"))];

      const first = await storage.parts.complete(id, [one], fresh(expected.slice(0, 1)));
      const second = await storage.parts.complete(id, [one], fresh(expected.slice(1)));

      expect(first).toMatchObject({ kind: "sealed", size: 3, digest: expected[0] });
      expect(second).toMatchObject({ kind: "mismatch", actual: expected[0] });
      expect(await fault(storage, one)).toBeNull();
    });

    test("fail with a mismatch when one is missing, and the upload stays unchanged", async () => {
      const storage = await openStore();
      const id = newId();
      const [one, two] = [await receive(storage, id, 1, "1"), await receive(storage, id, 2, "2")];
      await storage.parts.drop(two.place);

      const refused = storage.parts.complete(id, [one, two], fresh());

      expect(await refused.catch((error: unknown) => error)).toMatchObject({
        situation: "PART_DIFFERS",
        detail: { part_number: 2 },
      });
      expect(await completed(storage, id, one)).toBe("1");
    });
  });
}
