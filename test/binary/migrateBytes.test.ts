// `breadbox migrate` with the executable: a box becomes replicas on PostgreSQL and S3 while it is in use, and a box again.
import { expect } from "bun:test";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { breadboxBinary, type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { randomBytes, sha256 } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { versitygw } from "../support/goPrograms.ts";
import { goToolNeeds } from "../support/goTools.ts";
import { buildImage, expectStatus, type Image, pullAll, pushImage } from "../support/images.ts";
import { postgresIsMissing, startPostgres } from "../support/postgres.ts";
import { run, startProcess, tempFolder, waitFor } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";
import { startVersitygw } from "../support/versitygw.ts";

const missing = goToolNeeds(versitygw);
const needs = {
  ...missing,
  reason: () => missing.reason() ?? postgresIsMissing(),
  timeoutMs: 600_000,
};
const imageOf = (seed: string): Image => buildImage({ seed, layerSizes: [30_000, 90] });
const repositoryOf = ({ url }: RunningRegistry): string => `${url}/v2/team/app`;

/** An empty database and an empty bucket, and the variables that name them. */
async function emptyPlaces(scope: Scope) {
  const { bucket } = await startVersitygw(scope);
  const file = join(tempFolder(scope, "secret"), "url");
  writeFileSync(file, await (await startPostgres(scope)).createDatabase("registry"));
  const { accessKeyId = "", secretAccessKey = "" } = bucket.credentials ?? {};
  const server = {
    BREADBOX_STORAGE_S3_ENDPOINT: bucket.endpoint ?? "",
    BREADBOX_STORAGE_S3_ACCESS_KEY_ID: accessKeyId,
    BREADBOX_STORAGE_S3_SECRET_ACCESS_KEY: secretAccessKey,
  };
  const replica = {
    ...server,
    BREADBOX_DATABASE_URL_FILE: file,
    BREADBOX_STORAGE_S3_BUCKET: bucket.bucket,
    BREADBOX_STORAGE_S3_PREFIX: "box",
  };
  const to = ["--to-db-file", file, "--to-s3", `s3://${bucket.bucket}/box`];
  return { server, replica, to };
}

const migrate = async (env: Record<string, string>, ...args: readonly string[]) =>
  run([await breadboxBinary(), "migrate", ...args], { env, mayFail: true, timeoutMs: 120_000 });

/** What a box holds besides images. */
const bytes = randomBytes("object", 9_000_000);

async function putObject({ url }: RunningRegistry): Promise<void> {
  const made = await fetch(`${url}/v1/buckets`, { method: "POST", body: '{"name":"backups"}' });
  await expectStatus(made, 201);
  const place = `${url}/v1/buckets/backups/objects/a.bin`;
  await expectStatus(await fetch(place, { method: "PUT", body: bytes }), 201);
}

async function expectAll(registry: RunningRegistry, images: ReadonlyMap<string, Image>) {
  for (const [tag, image] of images) {
    expect((await pullAll(repositoryOf(registry), tag)).digest).toBe(image.manifest.digest);
  }
  const object = await fetch(`${registry.url}/v1/buckets/backups/objects/a.bin`);
  expect(sha256(await object.bytes())).toBe(sha256(bytes));
}

clientTest(
  "a box becomes two replicas while it is in use, and a box again",
  needs,
  async (scope) => {
    const { server, replica, to } = await emptyPlaces(scope);
    const box = await startBreadbox(scope);
    const { data } = box;
    const images = new Map<string, Image>();
    const push = async (tag: string, registry: RunningRegistry): Promise<void> => {
      const image = imageOf(tag);
      await pushImage(repositoryOf(registry), tag, image);
      images.set(tag, image);
    };
    await putObject(box);
    for (const tag of ["1", "2"]) await push(tag, box);

    const there = [...to, "--data", data];
    const [copied] = await Promise.all([migrate(server, ...there), push("3", box), push("4", box)]);
    await push("5", box);
    const begun = await fetch(`${repositoryOf(box)}/blobs/uploads/`, { method: "POST" });
    const upload = new URL(begun.headers.get("location") ?? "", box.url).pathname;
    await expectStatus(await fetch(box.url + upload, { method: "PATCH", body: "half" }), 202);
    await box.stop();
    const switched = await migrate(server, ...there, "--switch");

    expect([copied.code, copied.output]).toEqual([0, expect.stringContaining("To switch, stop")]);
    expect([switched.code, switched.output]).toEqual([
      0,
      expect.stringContaining("is the store now"),
    ]);
    const a = await startBreadbox(scope, { data, env: replica });
    const b = await startBreadbox(scope, { env: replica });
    expect(switched.output).toContain("1 open upload left behind");
    expect((await fetch(a.url + upload, { method: "PATCH", body: "more" })).status).toBe(404);
    rmSync(join(data, "blobs"), { recursive: true });
    for (const each of [a, b]) await expectAll(each, images);
    await push("6", b);

    const home = join(tempFolder(scope, "home"), "data");
    const back = ["--to-data", home, "--data", data];
    const copiedBack = await migrate(replica, ...back);
    await push("7", a);
    const switchedBack = await migrate(replica, ...back, "--switch");
    const refused = await fetch(`${repositoryOf(b)}/blobs/uploads/`, { method: "POST" });
    for (const each of [a, b]) await expectAll(each, images);
    for (const each of [a, b]) await each.stop();

    expect([copiedBack.code, switchedBack.code, switchedBack.output]).toEqual([
      ...[0, 0],
      expect.stringContaining("is the store now"),
    ]);
    expect(refused.status).toBe(503);
    const again = await startBreadbox(scope, { data: home });
    await expectAll(again, images);
    await push("8", again);
    const checked = await run([await breadboxBinary(), "fsck", "--full", "--data", home], {});
    expect(checked.output).toContain("No problems");
  },
);

clientTest(
  "a migration that was killed is continued, and says what is damaged",
  needs,
  async (scope) => {
    const { server, replica, to } = await emptyPlaces(scope);
    const box = await startBreadbox(scope);
    const { data } = box;
    const images = new Map(["1", "2", "3"].map((tag) => [tag, imageOf(tag)]));
    await putObject(box);
    for (const [tag, image] of images) await pushImage(repositoryOf(box), tag, image);
    await box.stop();
    const args = [await breadboxBinary(), "migrate", ...to, "--data", data, "--switch"];
    const killed = startProcess(scope, args, {
      env: server,
      log: join(tempFolder(scope, "log"), "log"),
    });
    await waitFor("the first notes", () => readdirSync(data).includes("migration.db-wal"), {
      everyMs: 1,
    });
    await killed.kill9();
    const lost = imageOf("2").blobs[1];
    const hex = lost?.digest.slice("sha256:".length) ?? "";
    const folder = join(data, "blobs", "sha256", hex.slice(0, 2));
    const [name = ""] = readdirSync(folder).filter((file) => file.startsWith(hex));
    writeFileSync(join(folder, name), randomBytes("damage", lost?.bytes.length ?? 0));

    const told = await migrate(server, ...to, "--data", data, "--switch");
    const accepted = await migrate(server, ...to, "--data", data, "--switch", "--accept-damage");

    expect(told.code).toBe(1);
    expect(told.output).toContain(`${lost?.digest}: its bytes are sha256:`);
    expect(told.output).toContain("(team/app:2)");
    expect([accepted.code, accepted.output]).toEqual([
      0,
      expect.stringContaining("is the store now"),
    ]);
    const moved = await startBreadbox(scope, { data, env: replica });
    await pullAll(repositoryOf(moved), "1");
    const gone = await fetch(`${repositoryOf(moved)}/blobs/${lost?.digest}`);
    expect(gone.status).toBe(404);
    await pushImage(repositoryOf(moved), "2", imageOf("2"));
    await expectAll(moved, images);
  },
);
