// Which files a running process opens for writing, makes, moves or removes: strace(1), attached to all of its threads.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { projectRoot } from "./binary.ts";
import { startProcess, tempFolder, waitFor } from "./processes.ts";
import type { Scope } from "./scope.ts";

/** The trace of a process. */
export interface WriteTrace {
  /** Ends it. @returns calls that touched anything else than what is below `folder`, and how many there were in all. */
  end(folder: string): Promise<{ readonly outside: readonly string[]; readonly calls: number }>;
}

const calls = [
  ...["open", "openat", "openat2", "creat", "mkdir", "mkdirat", "mknod", "mknodat", "truncate"],
  ...["rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat"],
  ...["unlink", "unlinkat", "rmdir"],
].join();

/** Traces a process from now on, until the scope closes at the latest. */
export async function traceWrites(scope: Scope, pid: number): Promise<WriteTrace> {
  const folder = tempFolder(scope, "strace");
  const trace = join(folder, "trace");
  // -y: with the folder that a relative path starts from.
  const command = ["strace", "-f", "-y", "-qq", "-e", `trace=${calls}`, "-o", trace];
  const tracer = startProcess(scope, [...command, `--attach=${pid}`], { log: join(folder, "log") });
  const status = () => readFileSync(`/proc/${pid}/status`, "utf8");
  const isTraced = (): boolean => /^TracerPid:\t[1-9]/m.test(status());
  await waitFor("strace", isTraced, { explain: tracer.logs });
  return {
    async end(below) {
      await tracer.stop();
      const lines = readFileSync(trace, "utf8").split("\n").filter(isChange);
      return { outside: lines.filter((line) => !staysBelow(line, below)), calls: lines.length };
    },
  };
}

/** A call on a path that does more than read. What a thread resumes was told when it began. */
function isChange(line: string): boolean {
  const call = /^\d+ +([a-z0-9]+)\(/.exec(line)?.[1];
  if (call === undefined) return false;
  return !call.startsWith("open") || /O_(?:WRONLY|RDWR|CREAT|TRUNC|TMPFILE)/.test(line);
}

/** A measured run of the tests counts statements in files of its own. */
const counters = join(projectRoot, "dist", "coverage");

/** Every path of the call; one that is relative starts from the folder before it, which -y has added, and called deleted where it is. */
function staysBelow(line: string, folder: string): boolean {
  const paths = [
    ...line.matchAll(/(?:(?:AT_FDCWD|\d+)<([^>]*)>(?:\(deleted\))?, )?"((?:[^"\\]|\\.)*)"/g),
  ];
  const isBelow = ([, from = "/", path = ""]: RegExpMatchArray): boolean =>
    [folder, counters].some((each) => `${resolve(from, path)}/`.startsWith(`${each}/`));
  return paths.length > 0 && paths.every((path) => isBelow(path) || path[2] === "/dev/null");
}
