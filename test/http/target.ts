// The whole server from its sources, as a process of its own, for tests that send it what no client library would.
import { afterAll, beforeAll, expect } from "bun:test";
import { join } from "node:path";
import {
  answers200,
  freePort,
  type RunningProcess,
  startProcess,
  tempFolder,
  waitFor,
} from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { traceWrites, type WriteTrace } from "../support/writes.ts";
import { seed, type Target } from "./badInput.ts";

const root = join(import.meta.dir, "..", "..");
const entry = join(root, "src", "main.ts");

/** A server with its process. */
export interface StartedTarget extends Target {
  readonly process: RunningProcess;
}

/** Starts `breadbox serve` on a fresh data directory and returns when it is ready. */
export async function startTarget(scope: Scope): Promise<StartedTarget> {
  const folder = tempFolder(scope, "bad-input");
  const data = join(folder, "data");
  const port = freePort();
  const process = startProcess(
    scope,
    [globalThis.process.execPath, entry, "serve", "--data", data, "--listen", `127.0.0.1:${port}`],
    {
      // Pages are JSX: Bun reads how it is compiled in the folder that it starts in.
      ...{ log: join(folder, "log"), cwd: root },
      // Of one letter: shorter than what Elysia expects before a path.
      env: { BREADBOX_HTTP_URL: "http://x" },
    },
  );
  await waitFor(
    "the server",
    () => {
      if (process.hasExited()) throw new Error(`the server ended early\n${process.logs()}`);
      return answers200(`http://127.0.0.1:${port}/readyz`);
    },
    { explain: process.logs },
  );
  return { port, data, process };
}

/**
 * A server with the image in it for all tests of a file. When they are through, it must still run, must not have logged
 * an error, and must have touched no file outside of its data directory (looked at where strace is installed).
 */
export function seededTarget(): () => Target {
  const scope = new Scope();
  let started: StartedTarget | null = null;
  let trace: WriteTrace | null = null;
  const current = (): StartedTarget => {
    if (started === null) throw new Error("the server has not started");
    return started;
  };
  beforeAll(async () => {
    started = await startTarget(scope);
    trace = Bun.which("strace") === null ? null : await traceWrites(scope, started.process.pid);
    await seed(started);
  });
  afterAll(async () => {
    const { process, data } = current();
    const written = await trace?.end(data);
    const lines = process.logs().split("\n");
    const ended = process.hasExited();
    await scope.close();
    expect(lines.filter((line) => /"level":"(error|fatal)"|Error: /.test(line))).toEqual([]);
    expect(ended).toBe(false);
    if (written === undefined) return;
    expect(written.outside).toEqual([]);
    expect(written.calls).toBeGreaterThan(0);
  });
  return current;
}
