import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type SweepDeps, sweepUploads } from "../../src/jobs/sweep.ts";
import { digestOf } from "../../src/model/digest.ts";
import { finishUpload, startUpload, uploadStatus } from "../../src/uploads/uploads.ts";
import { noise } from "../support/store.ts";
import { minute, openSweepRoom, repository, type SweepRoom, timeoutMs } from "./sweepRoom.ts";

describe("the sweep of upload sessions", () => {
  let room: SweepRoom;
  beforeEach(async () => {
    room = await openSweepRoom();
  });
  afterEach(() => room.store.remove());
  const unknown = { situation: "UPLOAD_UNKNOWN" };

  test("deletes a session without a byte for the timeout, row and bytes, and reports it", async () => {
    const { id } = await startUpload(room.deps(), repository);
    await room.append(id, noise(1_000));
    room.store.clock.advance(timeoutMs + 1);

    const dropped = await room.sweep();

    expect(dropped).toEqual([{ id, reason: "expired", repository, bytes: 1_000 }]);
    await expect(uploadStatus(room.deps(), repository, id)).rejects.toMatchObject(unknown);
    expect(await readdir(room.folder("."))).toEqual([]);
  });

  test("keeps a session that received a byte within the timeout, however old it is", async () => {
    const { id } = await startUpload(room.deps(), repository);
    for (let round = 0; round < 48; round += 1) {
      room.store.clock.advance(timeoutMs - minute);
      await room.append(id, noise(1));
      expect(await room.sweep()).toEqual([]);
    }

    expect((await uploadStatus(room.deps(), repository, id)).offset).toBe(48);
  });

  test("keeps a session that is being written to", async () => {
    const { id } = await startUpload(room.deps(), repository);
    room.store.clock.advance(timeoutMs + minute);
    const claim = "a request";
    await room.deps().metadata.claimUpload(id, repository, claim);

    expect(await room.sweep()).toEqual([]);
    expect(existsSync(room.folder(id))).toBe(true);
  });

  test("deletes staged bytes without a row once they are old enough", async () => {
    const old = await room.stray(room.ago(timeoutMs + 1));
    const young = await room.stray(room.ago(timeoutMs - minute));

    const dropped = await room.sweep();

    expect(dropped.map(({ id, reason }) => [String(id), reason])).toEqual([[old, "without row"]]);
    expect(existsSync(room.folder(young))).toBe(true);
  });

  test("deletes staged bytes without a row earlier where `storage.staleAfter` is less, and no session", async () => {
    const young = await room.stray(room.ago(timeoutMs - minute));
    const { id } = await startUpload(room.deps(), repository);
    room.store.clock.advance(timeoutMs - minute);

    const dropped = await room.sweep(room.store.clock.now, minute);

    expect(dropped.map(({ id, reason }) => [String(id), reason])).toEqual([[young, "without row"]]);
    expect(existsSync(room.folder(id))).toBe(true);
  });

  for (const [what, startedAt] of [
    ["in the future", "2999-01-01T00:00:00.000Z"],
    ["that is no time", "yesterday"],
    ["that is empty", ""],
    ["that is missing", null],
  ] as const) {
    test(`counts a start time ${what} from when it first saw it`, async () => {
      const name = await room.stray(startedAt);

      const first = await room.sweep();
      room.store.clock.advance(timeoutMs - minute);
      const second = await room.sweep();
      room.store.clock.advance(2 * minute);
      const third = await room.sweep();

      expect([first, second].flat()).toEqual([]);
      expect(third.map(({ id }) => String(id))).toEqual([name]);
      expect(existsSync(room.folder(name))).toBe(false);
    });
  }

  test("drops links and files in place of a session, and follows none", async () => {
    const outside = join(room.store.directory, "precious");
    await mkdir(outside);
    await writeFile(join(outside, "startedat"), room.ago(10 * timeoutMs));
    await writeFile(join(outside, "data"), "precious");
    const [link, file] = [Bun.randomUUIDv7(), Bun.randomUUIDv7()];
    await symlink(outside, room.folder(link));
    await writeFile(room.folder(file), "not a folder");
    const inner = await room.stray(null);
    await symlink(join(outside, "startedat"), join(room.folder(inner), "startedat"));

    const first = await room.sweep();
    room.store.clock.advance(timeoutMs + 1);
    const second = await room.sweep();

    expect(first).toEqual([]);
    expect(second.map(({ id }) => String(id)).sort()).toEqual([link, file, inner].sort());
    expect(await readFile(join(outside, "data"), "utf8")).toBe("precious");
  });

  test("ignores names that are no session's", async () => {
    await mkdir(room.folder("lost+found"));
    await writeFile(room.folder("README"), "by an operator");
    await room.sweep();
    room.store.clock.advance(10 * timeoutMs);

    expect(await room.sweep()).toEqual([]);
    expect((await readdir(room.folder("."))).sort()).toEqual(["README", "lost+found"]);
  });

  test("deletes a row without bytes, unless the session has only just started", async () => {
    const { id } = await startUpload(room.deps(), repository);
    await room
      .deps()
      .storage.staging.discard(id, (await uploadStatus(room.deps(), repository, id)).staging);

    const first = await room.sweep();
    room.store.clock.advance(2 * minute);
    const second = await room.sweep();

    expect(first).toEqual([]);
    expect(second).toEqual([{ id, reason: "without bytes", repository, bytes: 0 }]);
  });

  test("keeps a session whose bytes a writer has moved on since the rows were listed", async () => {
    const { id } = await startUpload(room.deps(), repository);
    room.store.clock.advance(2 * minute);
    const { uploadRows: metadata, storage } = room.store.rooms;
    const swept = await sweepUploads(
      {
        ...{ metadata, clock: room.store.clock.now, ageNow: room.store.clock.now },
        ...{ firstSeen: room.firstSeen, rest: async () => {}, onDropped: () => {} },
        storage: {
          staging: {
            async *list() {},
            tidy: () => storage.staging.tidy(),
            discard: (...given) => storage.staging.discard(...given),
          },
          repair: {
            // A bucket gives the bytes of each chunk another key, and the one before is deleted.
            async holdsStaged() {
              await room.append(id, noise(10));
              return false;
            },
          },
        },
      },
      timeoutMs,
    );

    expect(swept).toBeNull();
    expect((await uploadStatus(room.deps(), repository, id)).offset).toBe(10);
  });

  test("finishes drops that an earlier process began", async () => {
    const half = join(room.store.directory, "tmp", "discarded", "half");
    await mkdir(half, { recursive: true });
    await writeFile(join(half, "data"), "bytes");

    await room.sweep();

    expect(await readdir(join(room.store.directory, "tmp", "discarded"))).toEqual([]);
  });

  test("skips folders that cannot be dropped, and retries them", async () => {
    const aside = join(room.store.directory, "tmp", "discarded");
    for (const name of ["a", "b"]) await mkdir(join(aside, name), { recursive: true });
    const strays = [
      await room.stray(room.ago(timeoutMs + 1)),
      await room.stray(room.ago(timeoutMs + 1)),
    ].sort();
    const sessions = [
      await startUpload(room.deps(), repository),
      await startUpload(room.deps(), repository),
    ];
    room.store.clock.advance(timeoutMs + 1);
    const stuck = new Set<string>([strays[0] ?? "", sessions[0]?.id ?? ""]);
    const { storage } = room.deps();
    const failing: SweepDeps["storage"] = {
      repair: storage.repair,
      staging: {
        list: () => storage.staging.list(),
        tidy: async () => {
          await storage.staging.tidy();
          throw new AggregateError([new Error("EPERM, a"), new Error("EPERM, b")]);
        },
        discard: async (id, staging) => {
          if (stuck.has(id)) throw new Error("EPERM, an entry");
          await storage.staging.discard(id, staging);
        },
      },
    };
    const finished = { id: sessions[1]?.id, repository, digest: digestOf(noise(1)), size: 1 };
    const rows = new Database(join(room.store.directory, "breadbox.db"));
    rows.run(
      "INSERT INTO finished_uploads (id, repository, digest, size, finished_at) VALUES (?, ?, ?, ?, 1)",
      [finished.id ?? "", repository, finished.digest, 1],
    );
    const swept = () =>
      sweepUploads(
        {
          metadata: room.store.rooms.uploadRows,
          storage: failing,
          clock: room.store.clock.now,
          ageNow: room.store.clock.now,
          firstSeen: room.firstSeen,
          rest: async () => {},
          onDropped: () => {},
        },
        timeoutMs,
      );

    const first = await swept();
    const remembered = rows.query("SELECT count(*) AS n FROM finished_uploads").get();
    rows.close();
    const left = (await readdir(room.folder("."))).sort();
    const second = await room.sweep();

    // Two asides, a stray, and the folder of a session.
    expect(first).toEqual({ count: 4, cause: "EPERM, a" });
    expect(remembered).toEqual({ n: 0 });
    expect(left).toEqual([...stuck].sort());
    expect(second.map(({ id }) => String(id)).sort()).toEqual([...stuck].sort());
    expect(await readdir(room.folder("."))).toEqual([]);
  });

  test("deletes more sessions than one batch in one sweep, with pauses", async () => {
    for (let count = 0; count < 250; count += 1) await startUpload(room.deps(), repository);
    room.store.clock.advance(timeoutMs + 1);

    expect(await room.sweep()).toHaveLength(250);
    expect(room.rests).toBe(12);
    expect(await readdir(room.folder("."))).toEqual([]);
  });

  test("remembers finished uploads for as long as their closing request may be repeated", async () => {
    const bytes = noise(10);
    const { id } = await startUpload(room.deps(), repository);
    await room.append(id, bytes);
    const nothing = { body: null, length: 0, start: null, end: null };
    const request = { repository, id, digest: digestOf(bytes), chunk: nothing };
    await finishUpload(room.deps(), request);

    room.store.clock.advance(14 * minute);
    await room.sweep();
    expect(await finishUpload(room.deps(), request)).toEqual({ digest: digestOf(bytes), size: 10 });
    room.store.clock.advance(2 * minute);
    await expect(finishUpload(room.deps(), request)).rejects.toMatchObject(unknown);
  });
});
