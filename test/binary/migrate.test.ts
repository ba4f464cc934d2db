// `breadbox migrate` with the executable: a box that is in use moves to PostgreSQL.
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { breadboxBinary, type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { randomBytes, sha256 } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { buildImage, expectStatus, type Image, pullAll, pushImage } from "../support/images.ts";
import { postgresIsMissing, startPostgres } from "../support/postgres.ts";
import { run, startProcess, tempFolder, waitFor } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";

const needs = { commands: [], reason: postgresIsMissing, timeoutMs: 120_000 };
const imageOf = (seed: string): Image => buildImage({ seed, layerSizes: [30_000, 90] });
const repositoryOf = ({ url }: RunningRegistry, name = "team/app"): string => `${url}/v2/${name}`;

/** An empty database, and the file that names it. */
async function emptyDatabase(scope: Scope) {
  const postgres = await startPostgres(scope);
  const url = await postgres.createDatabase("registry");
  const file = join(tempFolder(scope, "secret"), "url");
  writeFileSync(file, `${url}\n`);
  return { file, url, env: { BREADBOX_DATABASE_URL_FILE: file } };
}

async function command(...args: readonly string[]) {
  return run([await breadboxBinary(), ...args], { mayFail: true });
}

/** A bucket with an object. */
async function putObject({ url }: RunningRegistry, bytes: Uint8Array): Promise<void> {
  const made = await fetch(`${url}/v1/buckets`, { method: "POST", body: '{"name":"backups"}' });
  await expectStatus(made, 201);
  const put = await fetch(`${url}/v1/buckets/backups/objects/a.bin`, {
    method: "PUT",
    body: bytes,
  });
  await expectStatus(put, 201);
}

async function objectOf({ url }: RunningRegistry): Promise<string> {
  const answer = await fetch(`${url}/v1/buckets/backups/objects/a.bin`);
  return answer.status === 200 ? sha256(await answer.bytes()) : String(answer.status);
}

clientTest("a box in use moves to PostgreSQL, and everything pulls", needs, async (scope) => {
  const { file, env } = await emptyDatabase(scope);
  const box = await startBreadbox(scope);
  const { data } = box;
  const bytes = randomBytes("object", 100_000);
  await putObject(box, bytes);
  const images = new Map<string, Image>();
  const push = async (tag: string): Promise<void> => {
    const image = imageOf(tag);
    await pushImage(repositoryOf(box), tag, image);
    images.set(tag, image);
  };
  await push("1");
  const migrate = (...more: readonly string[]) =>
    command("migrate", "--to-db-file", file, "--data", data, ...more);

  const looked = await migrate("--dry-run");
  const [copied] = await Promise.all([migrate(), push("2"), push("3"), push("4")]);
  await push("5");
  const early = await migrate("--switch");
  await box.stop();
  const switched = await migrate("--switch");

  expect([looked.code, looked.output]).toEqual([0, expect.stringContaining("A dry run")]);
  expect([copied.code, copied.output]).toEqual([0, expect.stringContaining("To switch, stop")]);
  expect([early.code, early.output]).toEqual([4, expect.stringContaining("stop it first")]);
  expect([switched.code, switched.output]).toEqual([
    0,
    expect.stringContaining("is the store now"),
  ]);
  const moved = await startBreadbox(scope, { data, env });
  for (const [tag, image] of images) {
    const pulled = await pullAll(repositoryOf(moved), tag);
    expect(pulled.digest).toBe(image.manifest.digest);
  }
  expect(await objectOf(moved)).toBe(sha256(bytes));
  await pushImage(repositoryOf(moved), "6", imageOf("6"));
  const checked = await run([await breadboxBinary(), "fsck", "--full", "--data", data], { env });
  expect(checked.output).toContain("No problems");
});

clientTest("an upload in progress is continued on the new database", needs, async (scope) => {
  const { file, env } = await emptyDatabase(scope);
  const box = await startBreadbox(scope);
  const { data, port } = box;
  const bytes = randomBytes("upload", 50_000);
  const begun = await fetch(`${repositoryOf(box)}/blobs/uploads/`, { method: "POST" });
  const place = new URL(begun.headers.get("location") ?? "", box.url).href;
  await expectStatus(await fetch(place, { method: "PATCH", body: bytes.slice(0, 20_000) }), 202);
  await box.stop();
  await command("migrate", "--to-db-file", file, "--data", data, "--switch");
  await startBreadbox(scope, { data, port, env });

  const rest = await fetch(place, {
    method: "PATCH",
    body: bytes.slice(20_000),
    headers: { "content-range": "20000-49999" },
  });

  await expectStatus(rest, 202);
  const closed = await fetch(`${place}?digest=${sha256(bytes)}`, { method: "PUT" });
  await expectStatus(closed, 201);
});

clientTest(
  "a migration that was killed is run again, and the old database is not served any more",
  needs,
  async (scope) => {
    const { file, url, env } = await emptyDatabase(scope);
    const box = await startBreadbox(scope);
    const { data } = box;
    const tags = Array.from({ length: 12 }, (_, index) => String(index + 1));
    for (const tag of tags) await pushImage(repositoryOf(box), tag, imageOf(tag));
    await box.stop();
    const binary = await breadboxBinary();
    const args = [binary, "migrate", "--to-db-file", file, "--data", data, "--switch"];
    const admin = postgres(url, { max: 1 });
    const isBegun = async () =>
      admin`select id from store where id like 'migrating:%'`.then(
        (rows) => rows.length > 0,
        () => false,
      );
    const killed = startProcess(scope, args, { log: join(tempFolder(scope, "log"), "log") });
    await waitFor("the first rows", isBegun, { everyMs: 0 });
    await killed.kill9();
    expect(await isBegun()).toBe(true);
    await admin.end();

    const { code, output } = await run(args, { mayFail: true });
    const again = await run(args, { mayFail: true });
    const old = await command("serve", "--data", data, "--listen", "127.0.0.1:0");

    expect([code, output]).toEqual([0, expect.stringContaining("is the store now")]);
    expect([again.code, again.output]).toEqual([0, expect.stringContaining("Nothing was done")]);
    expect(old.code).toBe(1);
    expect(old.output).toContain("has its rows in PostgreSQL: set database.url");
    expect(output).not.toContain(url);
    const moved = await startBreadbox(scope, { data, env });
    for (const tag of tags) await pullAll(repositoryOf(moved), tag);
  },
);

clientTest("who could log in before can log in afterwards", needs, async (scope) => {
  const { file, env } = await emptyDatabase(scope);
  const box = await startBreadbox(scope);
  const { data, port } = box;
  await pushImage(repositoryOf(box), "1", imageOf("1"));
  const breadbox = async (input: string, ...args: readonly string[]) =>
    run([await breadboxBinary(), ...args, "--data", data], { input });
  await breadbox("correct horse battery\n", "user", "add", "ann", "--password-stdin");
  await breadbox("", "access", "allow", "ann", "team/**", "pull");
  const grant = ["--grant", "team/**:pull", "--json"];
  const { token } = JSON.parse((await breadbox("", "token", "create", "ci", ...grant)).stdout);
  const logins = [`ann:correct horse battery`, `ci:${token}`].map((pair) => `Basic ${btoa(pair)}`);
  const bearerOf = `${box.url}/v2/token?service=127.0.0.1:${port}&scope=repository:team/app:pull`;
  const [authorization = ""] = logins;
  const asked = await expectStatus(await fetch(bearerOf, { headers: { authorization } }), 200);
  logins.push(`Bearer ${Object(await asked.json()).token}`);
  const statuses = ({ url }: RunningRegistry) =>
    Promise.all(
      logins.concat("Basic YW5uOndyb25n").map(async (login) => {
        const headers = { authorization: login };
        return (await fetch(`${url}/v2/team/app/manifests/1`, { headers })).status;
      }),
    );
  expect(await statuses(box)).toEqual([200, 200, 200, 401]);
  await box.stop();

  await command("migrate", "--to-db-file", file, "--data", data, "--switch");

  const moved = await startBreadbox(scope, { data, port, env });
  expect(await statuses(moved)).toEqual([200, 200, 200, 401]);
  const audit = await run([await breadboxBinary(), "audit", "--data", data], { env });
  expect(audit.output).toContain("ann");
});
