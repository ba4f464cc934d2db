import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Dropped, type SweepDeps, sweepUploads } from "../../src/jobs/sweep.ts";
import { digestOf } from "../../src/model/digest.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import type { UploadId } from "../../src/model/uploadId.ts";
import { appendChunk, finishUpload, startUpload, uploadStatus } from "../../src/uploads/uploads.ts";
import { noise, openStore } from "../support/store.ts";

const repository = parseRepositoryName("team/app");
const timeoutMs = 3_600_000;
const minute = 60_000;

describe("the sweep of upload sessions", () => {
  let store: Awaited<ReturnType<typeof openStore>>;
  let firstSeen: Map<UploadId, number>;
  let rests: number;
  beforeEach(async () => {
    store = await openStore();
    firstSeen = new Map();
    rests = 0;
  });
  afterEach(() => store.remove());

  const deps = () => store.rooms.uploads;
  const sweep = async (): Promise<Dropped[]> => {
    const dropped: Dropped[] = [];
    const { uploadRows: metadata, storage } = store.rooms;
    await sweepUploads(
      {
        metadata,
        storage,
        clock: store.clock.now,
        ageNow: store.clock.now,
        firstSeen,
        rest: async () => {
          rests += 1;
        },
        onDropped: (it) => dropped.push(it),
      },
      timeoutMs,
    );
    return dropped;
  };
  const append = (id: UploadId, bytes: Uint8Array) => {
    const body = (async function* () {
      yield bytes;
    })();
    const chunk = { body, length: bytes.length, start: null, end: null };
    return appendChunk(deps(), { repository, id, chunk });
  };
  const folder = (name: string) => join(store.directory, "uploads", name);
  const unknown = { situation: "UPLOAD_UNKNOWN" };
  /** A folder under uploads/ that no session knows of. */
  const stray = async (startedAt: string | null): Promise<string> => {
    const name = Bun.randomUUIDv7();
    await mkdir(folder(name));
    await writeFile(join(folder(name), "data"), "left over");
    if (startedAt !== null) await writeFile(join(folder(name), "startedat"), startedAt);
    return name;
  };
  const ago = (ms: number) => new Date(store.clock.now() - ms).toISOString();

  test("deletes a session without a byte for the timeout, row and bytes, and reports it", async () => {
    const { id } = await startUpload(deps(), repository);
    await append(id, noise(1_000));
    store.clock.advance(timeoutMs + 1);

    const dropped = await sweep();

    expect(dropped).toEqual([{ id, reason: "expired", repository, bytes: 1_000 }]);
    await expect(uploadStatus(deps(), repository, id)).rejects.toMatchObject(unknown);
    expect(await readdir(folder("."))).toEqual([]);
  });

  test("keeps a session that received a byte within the timeout, however old it is", async () => {
    const { id } = await startUpload(deps(), repository);
    for (let round = 0; round < 48; round += 1) {
      store.clock.advance(timeoutMs - minute);
      await append(id, noise(1));
      expect(await sweep()).toEqual([]);
    }

    expect((await uploadStatus(deps(), repository, id)).offset).toBe(48);
  });

  test("keeps a session that is being written to", async () => {
    const { id } = await startUpload(deps(), repository);
    store.clock.advance(timeoutMs + minute);
    const claim = "a request";
    await deps().metadata.claimUpload(id, repository, claim);

    expect(await sweep()).toEqual([]);
    expect(existsSync(folder(id))).toBe(true);
  });

  test("deletes staged bytes without a row once they are old enough", async () => {
    const old = await stray(ago(timeoutMs + 1));
    const young = await stray(ago(timeoutMs - minute));

    const dropped = await sweep();

    expect(dropped.map(({ id, reason }) => [String(id), reason])).toEqual([[old, "without row"]]);
    expect(existsSync(folder(young))).toBe(true);
  });

  for (const [what, startedAt] of [
    ["in the future", "2999-01-01T00:00:00.000Z"],
    ["that is no time", "yesterday"],
    ["that is empty", ""],
    ["that is missing", null],
  ] as const) {
    test(`counts a start time ${what} from when it first saw it`, async () => {
      const name = await stray(startedAt);

      const first = await sweep();
      store.clock.advance(timeoutMs - minute);
      const second = await sweep();
      store.clock.advance(2 * minute);
      const third = await sweep();

      expect([first, second].flat()).toEqual([]);
      expect(third.map(({ id }) => String(id))).toEqual([name]);
      expect(existsSync(folder(name))).toBe(false);
    });
  }

  test("drops links and files in place of a session, and follows none", async () => {
    const outside = join(store.directory, "precious");
    await mkdir(outside);
    await writeFile(join(outside, "startedat"), ago(10 * timeoutMs));
    await writeFile(join(outside, "data"), "precious");
    const [link, file] = [Bun.randomUUIDv7(), Bun.randomUUIDv7()];
    await symlink(outside, folder(link));
    await writeFile(folder(file), "not a folder");
    const inner = await stray(null);
    await symlink(join(outside, "startedat"), join(folder(inner), "startedat"));

    const first = await sweep();
    store.clock.advance(timeoutMs + 1);
    const second = await sweep();

    expect(first).toEqual([]);
    expect(second.map(({ id }) => String(id)).sort()).toEqual([link, file, inner].sort());
    expect(await readFile(join(outside, "data"), "utf8")).toBe("precious");
  });

  test("ignores names that are no session's", async () => {
    await mkdir(folder("lost+found"));
    await writeFile(folder("README"), "by an operator");
    await sweep();
    store.clock.advance(10 * timeoutMs);

    expect(await sweep()).toEqual([]);
    expect((await readdir(folder("."))).sort()).toEqual(["README", "lost+found"]);
  });

  test("deletes a row without bytes, unless the session has only just started", async () => {
    const { id } = await startUpload(deps(), repository);
    await deps().storage.staging.discard(id, (await uploadStatus(deps(), repository, id)).staging);

    const first = await sweep();
    store.clock.advance(2 * minute);
    const second = await sweep();

    expect(first).toEqual([]);
    expect(second).toEqual([{ id, reason: "without bytes", repository, bytes: 0 }]);
  });

  test("finishes drops that an earlier process began", async () => {
    const half = join(store.directory, "tmp", "discarded", "half");
    await mkdir(half, { recursive: true });
    await writeFile(join(half, "data"), "bytes");

    await sweep();

    expect(await readdir(join(store.directory, "tmp", "discarded"))).toEqual([]);
  });

  test("skips folders that cannot be dropped, and retries them", async () => {
    const aside = join(store.directory, "tmp", "discarded");
    for (const name of ["a", "b"]) await mkdir(join(aside, name), { recursive: true });
    const strays = [await stray(ago(timeoutMs + 1)), await stray(ago(timeoutMs + 1))].sort();
    const sessions = [await startUpload(deps(), repository), await startUpload(deps(), repository)];
    store.clock.advance(timeoutMs + 1);
    const stuck = new Set<string>([strays[0] ?? "", sessions[0]?.id ?? ""]);
    const { storage } = deps();
    const failing: SweepDeps["storage"] = {
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
    const rows = new Database(join(store.directory, "breadbox.db"));
    rows.run(
      "INSERT INTO finished_uploads (id, repository, digest, size, finished_at) VALUES (?, ?, ?, ?, 1)",
      [finished.id ?? "", repository, finished.digest, 1],
    );
    const swept = () =>
      sweepUploads(
        {
          metadata: store.rooms.uploadRows,
          storage: failing,
          clock: store.clock.now,
          ageNow: store.clock.now,
          firstSeen,
          rest: async () => {},
          onDropped: () => {},
        },
        timeoutMs,
      );

    const first = await swept();
    const remembered = rows.query("SELECT count(*) AS n FROM finished_uploads").get();
    rows.close();
    const left = (await readdir(folder("."))).sort();
    const second = await sweep();

    // Two asides, a stray, and the folder of a session.
    expect(first).toEqual({ count: 4, cause: "EPERM, a" });
    expect(remembered).toEqual({ n: 0 });
    expect(left).toEqual([...stuck].sort());
    expect(second.map(({ id }) => String(id)).sort()).toEqual([...stuck].sort());
    expect(await readdir(folder("."))).toEqual([]);
  });

  test("deletes more sessions than one batch in one sweep, with pauses", async () => {
    for (let count = 0; count < 250; count += 1) await startUpload(deps(), repository);
    store.clock.advance(timeoutMs + 1);

    expect(await sweep()).toHaveLength(250);
    expect(rests).toBe(12);
    expect(await readdir(folder("."))).toEqual([]);
  });

  test("remembers finished uploads for as long as their closing request may be repeated", async () => {
    const bytes = noise(10);
    const { id } = await startUpload(deps(), repository);
    await append(id, bytes);
    const nothing = { body: null, length: 0, start: null, end: null };
    const request = { repository, id, digest: digestOf(bytes), chunk: nothing };
    await finishUpload(deps(), request);

    store.clock.advance(14 * minute);
    await sweep();
    expect(await finishUpload(deps(), request)).toEqual({ digest: digestOf(bytes), size: 10 });
    store.clock.advance(2 * minute);
    await expect(finishUpload(deps(), request)).rejects.toMatchObject(unknown);
  });
});
