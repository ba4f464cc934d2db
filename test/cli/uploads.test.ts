// `breadbox uploads ls`, and which data directories `breadbox uploads` works on.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Scope } from "../support/scope.ts";
import { UploadsRoom } from "./uploadsRoom.ts";

const scope = new Scope();
const room = new UploadsRoom(scope);
beforeAll(() => room.startServer());
afterAll(() => scope.close());
beforeEach(async () => {
  await room.uploads(["rm", "--all", "--yes"]);
});

describe("breadbox uploads ls", () => {
  test("prints that no upload is open", async () => {
    expect(await room.uploads(["ls"])).toEqual({ out: "No uploads are open.\n", err: "", code: 0 });
  });

  test("lists the oldest first, with a line of totals", async () => {
    const [first, second] = [await room.start(), await room.start("a")];
    await room.append(first, "x".repeat(1500));

    const { out, code } = await room.uploads(["ls"]);

    const [head = "", ...rows] = out.split("\n");
    expect(head).toMatch(/^ID +REPOSITORY +BY +AGE +IDLE +BYTES +STATE$/);
    expect(rows[0]).toMatch(
      new RegExp(`^${first.id}  team/app +anonymous +\\d+s +\\d+s +1\\.5 KB +open$`),
    );
    expect(rows[1]).toMatch(new RegExp(`^${second.id}  a +anonymous +\\d+s +\\d+s +0 B +open$`));
    expect(rows.slice(2)).toEqual(["", "2 open uploads, 1.5 KB", ""]);
    expect(code).toBe(0);
  });

  test("uploads in parts are listed with who began them, and removed by their id", async () => {
    const post = (path: string, body: object) =>
      fetch(`${room.url}/v1/${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    await post("buckets", { name: "backups" });
    const begun = await post("buckets/backups/multipart-uploads", { object: "a/b" });
    const { upload_id: id } = Object(await begun.json());

    const { out } = await room.uploads(["ls"]);
    const [head = "", row = "", ...rest] = out.split("\n");
    expect(head).toMatch(/^ID +OBJECT +BY +IDLE +PARTS +BYTES +STATE$/);
    expect(row).toMatch(new RegExp(`^${id}  backups/a/b +anonymous +\\d+s +0 +0 B +open$`));
    expect(rest).toEqual(["", "1 open upload, 0 B", ""]);
    const json = JSON.parse((await room.uploads(["ls", "--json"])).out);
    expect(json.in_parts).toMatchObject([{ id, bucket: "backups", object: "a/b", parts: 0 }]);

    expect((await room.uploads(["rm", id])).out).toBe(
      `Removed upload ${id} of backups/a/b (0 B).\n`,
    );
    expect((await room.uploads(["ls"])).out).toBe("No uploads are open.\n");
  });

  test("--json is one object with exact numbers", async () => {
    const session = await room.start();
    const { id } = session;
    await room.append(session, "x".repeat(1500));

    const { out } = await room.uploads(["ls", "--json"]);

    expect(JSON.parse(out)).toEqual({
      uploads: [
        {
          id,
          repository: "team/app",
          started_by: null,
          started_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
          age_seconds: expect.any(Number),
          idle_seconds: expect.any(Number),
          bytes: 1500,
          state: "open",
        },
      ],
      in_parts: [],
      total: { uploads: 1, bytes: 1500, writing: 0 },
    });
  });

  test("shows which uploads a client is sending to", async () => {
    const session = await room.start();
    const writer = await room.openWriter(session);

    const { out } = await room.uploads(["ls"]);

    expect(out).toContain("  writing\n");
    expect(out).toEndWith("\n1 open upload, 0 B, 1 being written\n");
    expect(await writer.finish()).toBe(202);
  });
});

describe("breadbox uploads in a data directory", () => {
  test("that does not exist is named, and not created", async () => {
    const missing = join(room.folder, "missing");

    const { out, err, code } = await room.uploads(["ls"], missing);

    expect(err).toBe(
      `${missing} is not a data directory of Breadbox, or was never served: name the right one with --data DIR\n`,
    );
    expect([out, code]).toEqual(["", 1]);
    expect(existsSync(missing)).toBe(false);
  });

  test("that is empty stays empty", async () => {
    const empty = join(room.folder, "empty");
    await mkdir(empty);

    expect((await room.uploads(["rm", "--all", "--yes"], empty)).code).toBe(1);
    expect(await readdir(empty)).toEqual([]);
  });

  test("breadbox uploads refuses a file given as --data", async () => {
    const file = join(room.folder, "log");

    const { err, code } = await room.uploads(["ls"], file);

    expect(err).toStartWith(`${file} is not a data directory of Breadbox`);
    expect(code).toBe(1);
  });

  test("breadbox uploads needs no server", async () => {
    const [first, second] = [await room.start(), await room.start()];
    await room.stopServer();

    const before = await room.listed();
    const { code } = await room.uploads(["rm", first.id]);
    const after = await room.listed();
    await room.startServer();

    expect(before.map(({ id }) => id)).toEqual([first.id, second.id]);
    expect(code).toBe(0);
    expect(after.map(({ id }) => id)).toEqual([second.id]);
    const status = await fetch(`${room.url}/v2/team/app/blobs/uploads/${second.id}`);
    expect(status.status).toBe(204);
  });
});
