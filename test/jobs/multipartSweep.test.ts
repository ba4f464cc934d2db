import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  bucket,
  graceMs,
  minute,
  openMultipartRoom,
  type RoomDeps,
  ttlMs,
} from "./multipartRoom.ts";

type Room = Awaited<ReturnType<typeof openMultipartRoom>>;
let room: Room;

beforeEach(async () => {
  room = await openMultipartRoom();
});
afterEach(() => room.remove());

const nothing = { expired: 0, leftovers: 0, undeleted: null, told: [], rests: 0 };
const states = async (...ids: readonly Awaited<ReturnType<Room["initiate"]>>[]) =>
  Promise.all(
    ids.map(async (id) => {
      const found = await room.store.rooms.metadata.multipart.findMultipart(room.key(id));
      return [found?.state ?? null, room.isStaged(id)];
    }),
  );

describe("the sweep of multipart uploads", () => {
  test("deletes an upload that expired longer ago than the grace period, row and bytes, and reports it", async () => {
    const id = await room.initiate("a/b");
    await room.part(id, 1, "first");
    await room.part(id, 3, "third!");
    room.store.clock.advance(ttlMs + graceMs + 1);

    const { told, ...swept } = await room.sweep();

    expect(swept).toEqual({ expired: 1, leftovers: 0, undeleted: null, rests: 1 });
    expect<unknown>(told).toEqual([{ id, bucket, object: "a/b", bytes: 11 }]);
    expect(await states(id)).toEqual([[null, false]]);
    expect(await room.sweep()).toEqual(nothing);
  });

  test("deletes an upload without parts as well", async () => {
    const id = await room.initiate("a");
    room.store.clock.advance(ttlMs + graceMs + 1);

    expect((await room.sweep()).told.map(({ bytes }) => bytes)).toEqual([0]);
    expect(await states(id)).toEqual([[null, false]]);
  });

  test("keeps an upload with its parts until the last millisecond of the grace period", async () => {
    const id = await room.initiate("a");
    await room.part(id, 1, "kept");
    room.store.clock.advance(ttlMs + graceMs);

    expect(await room.sweep()).toEqual(nothing);
    expect(await room.read(id, 1)).toBe("kept");
  });

  test("keeps an upload that received a part in time, however old it is", async () => {
    const id = await room.initiate("a");
    for (let day = 1; day <= 30; day += 1) {
      room.store.clock.advance(ttlMs - minute);
      await room.part(id, day, `day ${day}`);
      expect(await room.sweep()).toEqual(nothing);
    }

    expect(await room.read(id, 1)).toBe("day 1");
  });

  test("keeps an upload that is being completed, however late", async () => {
    const id = await room.initiate("a");
    await room.part(id, 1, "kept");
    room.store.clock.advance(10 * ttlMs);
    const { multipart } = room.store.rooms.metadata;
    await multipart.claimMultipart(room.key(id), "a request", () => null);

    const whileCompleting = await room.sweep();
    const kept = await room.read(id, 1);
    await multipart.releaseMultipart(id, "a request");
    const afterwards = await room.sweep();

    expect([whileCompleting, kept, afterwards.expired]).toEqual([nothing, "kept", 1]);
    expect(await states(id)).toEqual([[null, false]]);
  });

  test("keeps a put of one request while it is received, and counts an abandoned one as leftover bytes", async () => {
    const id = await room.receiveWhole("a");
    room.store.clock.advance(9 * minute);

    const whileReceived = await room.sweep();
    const kept = room.isStaged(id);
    await room.store.rooms.metadata.multipart.releaseMultipart(id, "a request");
    const afterwards = await room.sweep();

    expect([whileReceived, kept]).toEqual([nothing, true]);
    expect(afterwards).toEqual({ expired: 0, leftovers: 1, undeleted: null, told: [], rests: 1 });
    expect(await states(id)).toEqual([[null, false]]);
  });

  test("expires no upload while the clock is in doubt, and deletes only bytes without an upload", async () => {
    const id = await room.initiate("a");
    await room.part(id, 1, "kept");
    const left = await room.leaveBehind();
    room.store.clock.advance(100 * ttlMs);

    const swept = await room.sweep({ ageNow: () => null });

    expect(swept).toMatchObject({ expired: 0, leftovers: 1 });
    expect([await room.read(id, 1), room.isStaged(left)]).toEqual(["kept", false]);
    expect((await room.sweep()).expired).toBe(1);
  });

  test("keeps an upload whose part arrives at that moment, and deletes the others", async () => {
    const [arriving, idle] = [await room.initiate("a"), await room.initiate("b")];
    await room.part(arriving, 1, "kept");
    room.store.clock.advance(ttlMs + graceMs + 1);

    const swept = await room.sweep({ arriving: [arriving] });

    expect(swept.told.map(({ id }) => id)).toEqual([idle]);
    expect(await room.read(arriving, 1)).toBe("kept");
  });

  test("deletes an upload that began while the clock was a year ahead one lifetime after it first saw it", async () => {
    const year = 365 * 24 * 60 * minute;
    const { clock } = room.store;
    clock.advance(year);
    const id = await room.initiate("a");
    await room.part(id, 1, "first");
    const whole = await room.receiveWhole("whole");
    await room.store.rooms.metadata.multipart.releaseMultipart(whole, "a request");
    clock.advance(-year);

    const first = await room.sweep();
    clock.advance(graceMs + 1);
    const second = await room.sweep();
    clock.advance(ttlMs - 1);
    const third = await room.sweep();
    clock.advance(1);
    const last = await room.sweep();

    expect([first, third]).toEqual([nothing, nothing]);
    expect([second.expired, second.leftovers, last.expired]).toEqual([0, 1, 1]);
    expect(await states(id)).toEqual([[null, false]]);
  });

  test("deletes bytes without an upload at once, and keeps those of open uploads", async () => {
    const open = await room.initiate("a");
    await room.part(open, 1, "kept");
    const left = [await room.leaveBehind(), await room.leaveBehind()];

    expect(await room.sweep()).toEqual({
      expired: 0,
      leftovers: 2,
      undeleted: null,
      told: [],
      rests: 2,
    });
    expect(await states(...left)).toEqual(left.map(() => [null, false]));
    expect(await room.read(open, 1)).toBe("kept");
  });

  test("drops links and files in place of an upload, follows none, and ignores other names", async () => {
    const outside = join(room.store.directory, "precious");
    await mkdir(outside);
    await writeFile(join(outside, "part-00001"), "precious");
    await symlink(outside, room.folder(room.newUploadId()));
    await writeFile(room.folder(room.newUploadId()), "not a folder");
    await mkdir(room.folder("lost+found"));

    expect((await room.sweep()).leftovers).toBe(2);
    expect(await readdir(room.folder("."))).toEqual(["lost+found"]);
    expect(await readFile(join(outside, "part-00001"), "utf8")).toBe("precious");
  });

  test("keeps an upload that starts while folders are listed: rows are read afterwards", async () => {
    const { metadata, storage } = room.deps();
    const { parts } = storage;
    const begun: string[] = [];
    const list = async function* () {
      yield* parts.list();
      const id = await room.initiate("late");
      await room.part(id, 1, "late");
      begun.push(id);
      yield id;
    };
    const late: RoomDeps["storage"] = {
      parts: { list, discard: (id) => parts.discard(id) },
    };

    expect(await room.sweep({ deps: { metadata, storage: late } })).toEqual(nothing);
    expect(await readdir(room.folder("."))).toEqual(begun);
  });

  test("remembers a completion for as long as it may be repeated", async () => {
    const id = room.newUploadId();
    using rows = new Database(join(room.store.directory, "breadbox.db"));
    rows.run(
      "INSERT INTO completed_uploads (upload_id, bucket, object_name, parts, digest, size, content_type, completed_at) VALUES (?, ?, 'a', 'list', 'sha256:', 1, 'text/plain', ?)",
      [id, bucket, room.store.clock.now()],
    );
    const isRemembered = () =>
      rows.query("SELECT 1 FROM completed_uploads WHERE upload_id = ?").get(id) !== null;

    room.store.clock.advance(15 * minute);
    await room.sweep();
    const first = isRemembered();
    room.store.clock.advance(6 * minute);
    await room.sweep();

    expect([first, isRemembered()]).toEqual([true, false]);
  });
});
