// A network and an /etc of its own, in which a server is not on loopback and clients trust and log in without a trace on this machine.
import { join } from "node:path";
import {
  type Finished,
  type RunOptions,
  run,
  startProcess,
  tempFolder,
  waitFor,
} from "./processes.ts";
import type { Scope } from "./scope.ts";

/** What a test in such a network needs. */
export const lanNeeds = { commands: ["unshare", "nsenter", "ip", "curl"], root: true } as const;

/** The network, until its scope closes. */
export interface Lan {
  /** Holds the copies; commands start here. */
  readonly folder: string;
  /** The command that does the same inside. */
  inside(command: readonly string[]): string[];
  /** Runs a command inside to its end. @throws Error as `run` does. */
  run(command: readonly string[], options?: RunOptions): Promise<Finished>;
}

/** Makes one. @throws Error when the kernel does not let it. */
export async function openLan(scope: Scope): Promise<Lan> {
  const folder = tempFolder(scope, "lan");
  const script = join(import.meta.dir, "lan.sh");
  const holder = startProcess(scope, ["unshare", "--net", "--mount", "sh", script], {
    ...{ log: join(folder, "lan.log"), cwd: folder },
  });
  const isReady = () => {
    if (holder.hasExited()) throw new Error(`the network ended early\n${holder.logs()}`);
    return holder.logs().endsWith("ready\n");
  };
  await waitFor("the network", isReady, { explain: holder.logs });
  const enter = ["nsenter", `--target=${holder.pid}`, "--net", "--mount", `--wd=${folder}`];
  const inside = (command: readonly string[]) => [...enter, ...command];
  const path = `${join(folder, "bin")}:${process.env["PATH"]}`;
  return {
    folder,
    inside,
    run: (command, options = {}) =>
      run(inside(command), { ...options, env: { PATH: path, ...options.env } }),
  };
}
