// One server per data directory, for as long as it lives.
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { holdDirectory, holdForServer } from "../../src/metadata/directoryHold.ts";
import { DatabaseDamagedError, DirectoryBusyError } from "../../src/metadata/openErrors.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { startHolder } from "./fixtures/startHolder.ts";

/** What taking the directory throws; null when it was free. */
function refusal(directory: string): unknown {
  try {
    holdDirectory(directory).release();
    return null;
  } catch (error) {
    return error;
  }
}

const holder = join(import.meta.dir, "fixtures/holder.ts");

test("a server starts after a command that began while there was none, and after a killed server, but not beside another one", async () => {
  await using scope = new Scope();
  const directory = tempFolder(scope, "hold");
  const killed = Bun.spawn(["true"]);
  await killed.exited;
  await Bun.write(join(directory, "pid"), `${killed.pid}\n`);
  const command = Bun.spawn([process.execPath, holder, directory, "command"], {
    ...{ stdin: "pipe", stdout: "pipe" },
  });
  await command.stdout.getReader().read();
  expect(refusal(directory)).toBeInstanceOf(DirectoryBusyError);

  const starting = holdForServer(directory);
  await Bun.sleep(100);
  command.stdin.end();
  const hold = await starting;

  expect(await Bun.file(join(directory, "pid")).text()).toBe(`${process.pid}\n`);
  expect(await holdForServer(directory).catch((error: unknown) => error)).toMatchObject({
    name: "DirectoryBusyError",
    pid: process.pid,
  });
  hold.release();
});

describe("holdDirectory", () => {
  test("refuses while another process holds it, with its pid, and succeeds after that process was killed", async () => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "hold");
    const holding = await startHolder(scope, directory, "server");

    const busy = refusal(directory);
    await holding.kill9();
    const free = refusal(directory);

    expect(busy).toBeInstanceOf(DirectoryBusyError);
    expect(busy).toMatchObject({ pid: holding.pid });
    expect(String(busy)).toContain(`pid ${holding.pid}`);
    expect(free).toBeNull();
  });

  test("refuses a lock file that is not Breadbox's, with its path", async () => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "hold");
    await Bun.write(join(directory, "lock"), "x".repeat(8192));

    expect(refusal(directory)).toBeInstanceOf(DatabaseDamagedError);
    expect(String(refusal(directory))).toContain(`${join(directory, "lock")} is damaged`);
  });

  test("refuses a second time in the same process, until the first is released", async () => {
    await using scope = new Scope();
    const directory = join(tempFolder(scope, "hold"), "not there yet");
    const hold = holdDirectory(directory);

    const busy = refusal(directory);
    hold.release();
    hold.release();

    expect(busy).toBeInstanceOf(DirectoryBusyError);
    expect(refusal(directory)).toBeNull();
    expect(existsSync(join(directory, "pid"))).toBe(false);
  });
});
