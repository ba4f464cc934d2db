// Rows of objects that are lost, on the compiled binary: what the collection, the repair and the deletion of their bucket do then.
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { breadboxBinary, startBreadbox } from "../support/binary.ts";
import { storedFiles } from "../support/dataFolder.ts";
import { Scope } from "../support/scope.ts";

const day = 24 * 3_600_000;

/** A server with a bucket of two objects, which is stopped before anything else happens. */
async function openRoom(scope: Scope) {
  const server = await startBreadbox(scope, { env: { BREADBOX_GC_MIN_AGE: "0" } });
  const { data } = server;
  const send = async (method: string, path: string, body?: string): Promise<void> => {
    const headers = { "Content-Type": method === "POST" ? "application/json" : "text/plain" };
    const request = { method, headers, ...(body !== undefined && { body }) };
    const answer = await fetch(`${server.url}/v1/buckets${path}`, request);
    expect(answer.status).toBe(201);
  };
  await send("POST", "", JSON.stringify({ name: "backups" }));
  for (const name of ["kept", "lost"]) await send("PUT", `/backups/objects/${name}`, name);
  await server.stop();
  const env = { BREADBOX_GC_MIN_AGE: "0" };
  return {
    data,
    async breadbox(...args: string[]) {
      const command = [await breadboxBinary(), ...args, "--data", data];
      const child = Bun.spawn(command, { env, stdout: "pipe", stderr: "pipe", stdin: "ignore" });
      const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
      return { code: await child.exited, text: `${out}${err}` };
    },
    /** What a person with the sqlite3 shell can do. */
    sql(text: string): unknown[][] {
      using database = new Database(join(data, "breadbox.db"));
      return database.query(text).values();
    },
  };
}

/** Gives the file of `digest` a name from two days ago: no request is about to name it. */
async function makeOld(data: string, digest: string): Promise<void> {
  const hex = digest.slice("sha256:".length);
  const file = (await storedFiles(data)).find((name) => name.includes(hex)) ?? "";
  const older = `sha256/${hex.slice(0, 2)}/${hex}.${Bun.randomUUIDv7("hex", Date.now() - 2 * day)}`;
  renameSync(join(data, "blobs", file), join(data, "blobs", older));
}

const loseRow = "DELETE FROM objects WHERE name = 'lost'";

describe("after the row of an object was lost", () => {
  test("fsck --repair does not let the next collection delete its bytes", async () => {
    await using scope = new Scope();
    const { data, breadbox, sql } = await openRoom(scope);
    sql(loseRow);

    const refused = await breadbox("gc", "--yes");
    expect([refused.code, refused.text]).toEqual([1, expect.stringContaining("lost objects")]);
    const repaired = await breadbox("fsck", "--repair");
    expect(repaired.code).toBe(1);
    expect(repaired.text).toContain("Not repaired: restore a backup");
    expect(repaired.text).toContain("--forget-lost-objects");
    expect((await breadbox("gc", "--yes")).code).toBe(1);

    expect(await storedFiles(data)).toHaveLength(2);
  });

  test("giving it up deletes its bytes after 30 days, not before", async () => {
    await using scope = new Scope();
    const { data, breadbox, sql } = await openRoom(scope);
    sql(loseRow);

    const forgotten = await breadbox("fsck", "--repair", "--forget-lost-objects");
    expect(forgotten.text).toContain("given up");
    expect(forgotten.code).toBe(0);
    const soon = await breadbox("gc", "--yes");

    expect(soon.code).toBe(0);
    expect(await storedFiles(data)).toHaveLength(2);
    const [[until] = []] = sql(
      "SELECT kept_until FROM contents WHERE digest NOT IN (SELECT digest FROM objects)",
    );
    expect(Number(until)).toBeGreaterThan(Date.now() + 29 * day);
    sql(`UPDATE contents SET kept_until = kept_until - ${31 * day}`);
    expect((await breadbox("gc", "--yes")).code).toBe(0);
    expect(await storedFiles(data)).toHaveLength(1);
  });

  test("giving it up together with its content row keeps the file for 30 days", async () => {
    await using scope = new Scope();
    const { data, breadbox, sql } = await openRoom(scope);
    const [[digest] = []] = sql("SELECT digest FROM objects WHERE name = 'lost'");
    sql(loseRow);
    sql(`DELETE FROM contents WHERE digest = '${digest}'`);
    await makeOld(data, String(digest));

    const forgotten = await breadbox("fsck", "--repair", "--forget-lost-objects");
    expect(forgotten.text).toContain("given up");
    expect((await breadbox("gc", "--yes")).code).toBe(0);

    expect(await storedFiles(data)).toHaveLength(2);
    expect((await breadbox("fsck", "--full")).code).toBe(0);
  });

  test("a repaired size of another object in its bucket does not hide the loss", async () => {
    await using scope = new Scope();
    const { data, breadbox, sql } = await openRoom(scope);
    sql(loseRow);
    sql("UPDATE objects SET size = 1");

    expect((await breadbox("fsck", "--repair")).code).toBe(1);
    expect((await breadbox("gc", "--yes")).code).toBe(1);

    expect(sql("SELECT size, object_count FROM objects, buckets")).toEqual([[4, 2]]);
    expect(await storedFiles(data)).toHaveLength(2);
  });

  test("a replaced object does not hide the loss: the bucket's bytes differ", async () => {
    await using scope = new Scope();
    const { data, breadbox, sql } = await openRoom(scope);
    sql(
      "UPDATE objects SET digest = (SELECT digest FROM objects WHERE name = 'kept'), size = 0 WHERE name = 'lost'",
    );

    expect((await breadbox("gc", "--yes")).code).toBe(1);
    expect(await storedFiles(data)).toHaveLength(2);
  });

  test("its bucket cannot be deleted before the object is given up", async () => {
    await using scope = new Scope();
    const { data, breadbox, sql } = await openRoom(scope);
    sql("DELETE FROM objects");
    const server = await startBreadbox(scope, { data });
    const bucket = `${server.url}/v1/buckets/backups`;

    const refused = await fetch(bucket, { method: "DELETE" });
    expect([refused.status, await refused.text()]).toEqual([409, expect.stringContaining("fsck")]);
    expect((await breadbox("gc", "--yes")).code).toBe(1);
    expect(await storedFiles(data)).toHaveLength(2);

    expect((await breadbox("fsck", "--repair", "--forget-lost-objects")).code).toBe(0);
    expect((await fetch(bucket, { method: "DELETE" })).status).toBe(204);
    expect((await breadbox("gc", "--yes")).code).toBe(0);
    expect(await storedFiles(data)).toHaveLength(2);
  });
});

test("giving up objects without --repair is a usage error", async () => {
  await using scope = new Scope();
  const { data, breadbox } = await openRoom(scope);

  expect(await breadbox("fsck", "--forget-lost-objects")).toEqual({
    code: 2,
    text: expect.stringContaining("needs --repair"),
  });
  expect(existsSync(join(data, "damaged"))).toBeFalse();
});
