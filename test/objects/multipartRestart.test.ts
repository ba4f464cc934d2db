// Uploads in parts across a restart, and what happened to their files meanwhile.
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { UploadId } from "../../src/model/uploadId.ts";
import type { NamedPart } from "../../src/objects/partList.ts";
import { randomBytes } from "../support/bytes.ts";
import { problemsOf } from "../support/inspect.ts";
import { refusalOf } from "./refusal.ts";
import { openRoom, type Room } from "./room.ts";

const content = randomBytes("restart", 900_000);
const pieces = [content.subarray(0, 300_000), content.subarray(300_000, 600_000)];
const last = content.subarray(600_000);

/** An upload with two of its three parts. */
async function begin(room: Room) {
  const id = await room.initiate();
  const parts: NamedPart[] = [];
  for (const [index, bytes] of pieces.entries()) parts.push(await room.put(id, index + 1, bytes));
  return { id, parts };
}

function folderOf({ store }: Room, id: UploadId): string {
  return join(store.directory, "tmp", "multipart", id);
}

function flipByte(path: string): void {
  const bytes = readFileSync(path);
  bytes[1234] = (bytes[1234] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

async function expectWhole(room: Room): Promise<void> {
  expect(await room.read()).toEqual(content);
  expect(readdirSync(join(room.store.directory, "tmp", "multipart"))).toEqual([]);
  expect(await problemsOf(room.store.directory)).toEqual([]);
}

describe("after a restart a multipart upload", () => {
  test("is open with all its parts, and accepts more", async () => {
    await using room = await openRoom();
    const { id, parts } = await begin(room);
    await room.store.reopen();

    expect(await room.status(id)).toMatchObject({ state: "uploading", parts: 2, bytes: 600_000 });
    expect(await room.parts(id)).toMatchObject(parts);
    parts.push(await room.put(id, 3, last));
    await room.complete(id, parts);
    await expectWhole(room);
  });

  test("that was being completed is open again", async () => {
    await using room = await openRoom();
    const { id, parts } = await begin(room);
    parts.push(await room.put(id, 3, last));
    const { multipart } = room.deps();
    const claim = "a server that was killed";
    await multipart.claimMultipart(room.key(id), claim, () => null);
    expect((await refusalOf(room.complete(id, parts))).situation).toBe("MULTIPART_COMPLETING");
    await room.store.reopen();

    await room.complete(id, parts);
    await expectWhole(room);
  });

  test("has a part that was recorded just before", async () => {
    await using room = await openRoom();
    const { id, parts } = await begin(room);
    parts.push(await room.put(id, 3, last));
    const place = (await room.parts(id)).at(-1)?.place;
    const plain = join(room.store.directory, place?.name ?? "");
    renameSync(plain, `${plain}.${place?.version}`);
    await room.store.reopen();

    await room.complete(id, parts);
    await expectWhole(room);
  });

  test("has a part's replacement, not the replaced bytes", async () => {
    await using room = await openRoom();
    const { id, parts } = await begin(room);
    await room.put(id, 3, pieces[0] ?? last);
    const plain = join(folderOf(room, id), "part-00003");
    const before = readFileSync(plain);
    parts.push(await room.put(id, 3, last));
    const version = (await room.parts(id)).at(-1)?.place.version;
    renameSync(plain, `${plain}.${version}`);
    writeFileSync(plain, before);
    await room.store.reopen();

    await room.complete(id, parts);
    await expectWhole(room);
  });

  test("does not use a file that was assembled before", async () => {
    await using room = await openRoom();
    const { id, parts } = await begin(room);
    parts.push(await room.put(id, 3, last));
    await room.store.reopen();
    writeFileSync(join(folderOf(room, id), "whole"), randomBytes("something else", 700_000));

    await room.complete(id, parts);
    await expectWhole(room);
  });

  test("answers a repeated completion", async () => {
    await using room = await openRoom();
    const { id, parts } = await begin(room);
    parts.push(await room.put(id, 3, last));
    const record = await room.complete(id, parts);
    await room.store.reopen();

    expect(await room.complete(id, parts)).toEqual(record);
  });
});

describe("a part whose bytes changed after they were received", () => {
  const damages: readonly [string, (path: string) => void][] = [
    ["has changed", flipByte],
    ["is shorter", (path) => writeFileSync(path, readFileSync(path).subarray(1))],
    ["is longer", (path) => writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.of(0)]))],
    ["is gone", (path) => rmSync(path)],
  ];

  test.each(damages)(
    "because its file %s is named in the error, and can be sent again",
    async (_, damage) => {
      await using room = await openRoom();
      const { id, parts } = await begin(room);
      parts.push(await room.put(id, 3, last));
      await room.store.reopen();
      damage(join(folderOf(room, id), "part-00002"));

      const refusal = await refusalOf(room.complete(id, parts));

      expect([refusal.status, refusal.detail]).toEqual([409, { part_number: 2 }]);
      expect(await room.status(id)).toMatchObject({
        state: "uploading",
        parts: 3,
        claimOwner: null,
      });
      expect(await room.put(id, 2, pieces[1] ?? last)).toEqual(parts[1] ?? { number: 0, etag: "" });
      await room.complete(id, parts);
      await expectWhole(room);
    },
  );

  test("because the upload's folder is deleted is named as well, and can be sent again", async () => {
    await using room = await openRoom();
    const { id, parts } = await begin(room);
    await room.store.reopen();
    rmSync(folderOf(room, id), { recursive: true });

    const refusal = await refusalOf(room.complete(id, parts));

    expect([refusal.status, refusal.detail]).toEqual([409, { part_number: 1 }]);
    for (const [index, bytes] of [...pieces, last].entries()) await room.put(id, index + 1, bytes);
    await room.complete(id, await room.parts(id));
    await expectWhole(room);
  });
});
