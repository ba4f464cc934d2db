// `breadbox bucket` as the compiled binary: against another one of its kind, with flat memory, through a kill of either side.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { breadboxBinary, type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { run, startProcess, tempFolder, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const mebibyte = 1024 * 1024;

/** Writes a file of lines that differ, without holding it. @returns its SHA-256. */
async function writeFile(path: string, mebibytes: number): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  const sink = Bun.file(path).writer();
  for (let index = 0; index < mebibytes; index += 1) {
    const block = Buffer.alloc(mebibyte, `${index} of ${path}\n`);
    hasher.update(block);
    sink.write(block);
    await sink.flush();
  }
  await sink.end();
  return `sha256:${hasher.digest("hex")}`;
}

async function partsOf({ url }: RunningRegistry): Promise<number> {
  const answer = await fetch(`${url}/v1/buckets/box/multipart-uploads`);
  const { uploads }: { uploads: { parts: number }[] } = JSON.parse(await answer.text());
  return uploads.reduce((sum, { parts }) => sum + parts, 0);
}

test("bucket put and get of 256 MiB use at most 112 MiB of memory", async () => {
  await using scope = new Scope();
  const [binary, server] = [await breadboxBinary(), await startBreadbox(scope)];
  const folder = tempFolder(scope, "bucket");
  const digest = await writeFile(join(folder, "file"), 256);
  const options = { cwd: folder, env: { BREADBOX_SERVER: server.url } };
  await run([binary, "bucket", "create", "box"], options);

  const put = await run([binary, "bucket", "put", "file", "box"], options);
  const piped = await run(["sh", "-c", 'exec "$0" bucket put - box/input < file', binary], options);
  const got = await run([binary, "bucket", "get", "box/file", "copy"], options);

  for (const { stdout, peakRssBytes } of [put, piped, got]) {
    expect(stdout).toContain(digest);
    expect(peakRssBytes).toBeGreaterThan(mebibyte);
    expect(peakRssBytes).toBeLessThan(112 * mebibyte);
  }
  const compared = await run(["cmp", "file", "copy"], { ...options, mayFail: true });
  expect(compared.code).toBe(0);
}, 120_000);

test("bucket put resumes after its server, and after itself, was killed", async () => {
  await using scope = new Scope();
  const [binary, server] = [await breadboxBinary(), await startBreadbox(scope)];
  const folder = tempFolder(scope, "bucket");
  const digest = await writeFile(join(folder, "file"), 64);
  const options = { cwd: folder, env: { BREADBOX_SERVER: server.url } };
  await run([binary, "bucket", "create", "box"], options);
  const put = [binary, "bucket", "put", "file", "box", "--part-size", "128KiB"];

  const first = startProcess(scope, put, { ...options, log: join(folder, "first") });
  await waitFor("some parts", async () => (await partsOf(server)) > 10);
  await first.kill9();
  const stored = await partsOf(server);
  const second = startProcess(scope, put, { ...options, log: join(folder, "second") });
  await waitFor("more parts", async () => (await partsOf(server)) > stored + 20);
  await server.kill9();
  await startBreadbox(scope, { data: server.data, port: server.port });

  expect(await second.exited).toBe(0);
  expect(second.logs()).toMatch(/^resuming: \d+ of 512 parts are there\n/);
  expect(second.logs()).toEndWith(`${digest}\n`);
}, 120_000);
