// What counts as other work while something is measured: what the measuring process has not started.
import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import { startProcess, tempFolder, waitFor } from "../support/processes.ts";
import { cpuSeconds, machineCpu, processTree } from "../support/procfs.ts";
import { Scope, signal } from "../support/scope.ts";
import { watchOthers } from "./turn.ts";

/** CPU seconds that are burnt, and what of them the kernel's counts of machine and processes may differ by. */
const [burnt, slack] = [1, 0.4];
const timeoutMs = 60_000;

let scope = new Scope();
afterEach(async () => {
  await scope.close();
  scope = new Scope();
});

/** Starts a shell that starts one which uses a CPU. @param then what the first does after that. @returns the number of the second. */
async function startBurner(then: string) {
  const log = join(tempFolder(scope, "burner"), "log");
  const burn = `sh -c 'while :; do :; done' & echo $!; ${then}`;
  const shell = startProcess(scope, ["sh", "-c", burn], { log });
  await waitFor("the burner", () => shell.logs().endsWith("\n"));
  const pid = Number(shell.logs());
  scope.defer(() => void signal(pid, "SIGKILL"));
  return { pid, shell };
}

/** Until the process has used so much more. */
async function letBurn(pid: number): Promise<void> {
  const before = cpuSeconds([pid]);
  await waitFor("its CPU time", () => cpuSeconds([pid]) - before >= burnt, { timeoutMs });
}

/** Seconds of CPU that were other work, and all that the machine has used, since this was called. */
function watch(): () => { readonly others: number; readonly busy: number } {
  const before = machineCpu();
  const others = watchOthers();
  return () => {
    const share = others();
    const now = machineCpu();
    return { others: share * (now.total - before.total), busy: now.busy - before.busy };
  };
}

test(
  "what a child has started is no other work, neither while it runs nor after it ended",
  async () => {
    const watched = watch();
    const { pid, shell } = await startBurner("wait");
    await letBurn(pid);
    const running = watched();
    signal(pid, "SIGKILL");
    await shell.exited;
    const ended = watched();

    for (const { others, busy } of [running, ended]) {
      expect(others).toBeLessThan(busy - burnt + slack);
    }
  },
  timeoutMs,
);

test(
  "a process that is no descendant is other work",
  async () => {
    // The burner's parent is no longer a child of this process then.
    const { pid, shell } = await startBurner("exit");
    await shell.exited;
    expect(processTree(process.pid)).not.toContain(pid);
    const watched = watch();
    await letBurn(pid);

    expect(watched().others).toBeGreaterThan(burnt - slack);
  },
  timeoutMs,
);
