// The server of a bucket for backups: killed while backups are made and restored, and with a disk that is full.
import { expect } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { breadboxBinary, type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { randomNumbers } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { buildImage, pullAll, pushImage } from "../support/images.ts";
import { problemsOf } from "../support/inspect.ts";
import { run, tempFolder } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";
import { mountSmallDisk } from "../support/smallDisk.ts";
import { startBackupBucket } from "./backupBucket.ts";

const seed = process.env["BREADBOX_TEST_SEED"] ?? String(Math.floor(Math.random() * 2 ** 31));
const images = 12;
const imageOf = (name: string) =>
  buildImage({ seed: `${seed} ${name}`, layerSizes: [900_000, 3_000_000] });

/** A server with images. */
async function startSource(scope: Scope): Promise<RunningRegistry> {
  const data = join(tempFolder(scope, "source"), "data");
  const server = await startBreadbox(scope, { data });
  for (let at = 0; at < images; at += 1) {
    await pushImage(`${server.url}/v2/team/app`, `t${at}`, imageOf(String(at)));
  }
  return server;
}

/** Kills a server again and again, and starts it again over the same directory, until a command has ended. @returns how often. */
async function killUntil(scope: Scope, first: RunningRegistry, command: Promise<unknown>) {
  const random = randomNumbers(`${seed} server`);
  let [server, kills, isOver] = [first, 0, false];
  const ended = command.finally(() => {
    isOver = true;
  });
  while (!isOver && kills < 4) {
    await Promise.race([ended, Bun.sleep(kills === 0 ? 120 : 150 + random() * 700)]);
    if (isOver) break;
    await server.kill9();
    kills += 1;
    server = await startBreadbox(scope, { data: first.data, port: first.port });
  }
  await ended;
  return { server, kills };
}

clientTest(
  `a bucket's server that is killed at any moment costs a backup and a restore nothing but time (BREADBOX_TEST_SEED=${seed})`,
  { commands: [], timeoutMs: 240_000 },
  async (scope) => {
    const source = await startSource(scope);
    const other = await startBackupBucket(scope);
    const binary = await breadboxBinary();
    const target = other.target();
    const data = join(tempFolder(scope, "restored"), "data");
    const patient = ["--retry-for", "2m"];
    const long = { timeoutMs: 120_000 };

    const backup = run([binary, "backup", target, "--data", source.data, ...patient], long);
    const first = await killUntil(scope, other.server, backup);
    const verified = await run([binary, "backup", "verify", target, ...patient]);
    const restore = run([binary, "restore", target, "--data", data, ...patient], long);
    const second = await killUntil(scope, first.server, restore);

    expect(first.kills + second.kills).toBeGreaterThan(0);
    expect((await backup).stdout).toStartWith("Backed up: ");
    expect(verified.stdout).toContain("No problem was found.");
    expect(await problemsOf(data)).toEqual([]);
    const restored = await startBreadbox(scope, { data });
    for (let at = 0; at < images; at += 1) await pullAll(`${restored.url}/v2/team/app`, `t${at}`);
    await second.server.stop();
    expect(await problemsOf(other.server.data)).toEqual([]);
    expect(await problemsOf(source.data)).toEqual([]);
  },
);

clientTest(
  "a bucket whose server's disk is full has no backup, and says so; with more space the next one continues",
  { commands: ["mount", "umount"], root: true, timeoutMs: 240_000 },
  async (scope) => {
    const source = await startSource(scope);
    const disk = await mountSmallDisk(scope);
    const other = await startBackupBucket(scope, join(disk, "data"));
    const binary = await breadboxBinary();
    const filler = join(disk, "filler");
    writeFileSync(filler, Buffer.alloc(40 * 2 ** 20));
    const command = [binary, "backup", other.target(), "--data", source.data];

    const refused = await run([...command, "--retry-for", "0"], { mayFail: true });
    const empty = await run([binary, "backup", "list", other.target()]);
    rmSync(filler);
    const made = await run(command);

    expect(refused.code).toBe(1);
    expect(refused.output).toContain("there is no space left at http://127.0.0.1:");
    expect(refused.output).not.toContain(other.token);
    expect(empty.stdout).toBe("No backups.\n");
    expect(made.stdout).toMatch(/ (?:[1-9]|1\d|2\d|3[0-5]) contents, \S+ \S+ of them new/);
    const verified = await run([binary, "backup", "verify", other.target()]);
    expect(verified.stdout).toContain("No problem was found.");
  },
);
