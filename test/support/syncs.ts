// What a process synced before it answered, from a trace of its system calls.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run, tempFolder } from "./processes.ts";
import type { Scope } from "./scope.ts";

/**
 * Runs a program that prints "answer: <name>" after each step. @returns the last parts of the names of what was synced before each
 * answer, since the one before.
 */
export async function traceSyncs(
  scope: Scope,
  program: readonly string[],
): Promise<Map<string, string[]>> {
  const trace = join(tempFolder(scope, "trace"), "trace");
  await run(["strace", "-f", "-y", "-e", "trace=fsync,fdatasync,write", "-o", trace, ...program]);
  return syncsBefore(readFileSync(trace, "utf8"));
}

function syncsBefore(trace: string): Map<string, string[]> {
  const answers = new Map<string, string[]>();
  const begun = new Map<string, string>();
  let syncs: string[] = [];
  for (const line of trace.split("\n")) {
    const thread = line.split(" ", 1)[0] ?? "";
    const call = /f(?:data)?sync\(\d+<([^>]*)>/.exec(line);
    const file = call?.[1]?.replace(/^.*\//, "") ?? begun.get(thread) ?? "";
    if (line.includes("<unfinished ...>")) begun.set(thread, file);
    else if (/sync(?:\(| resumed).* = 0$/.test(line)) syncs.push(file);
    const answer = /write\(1.*"answer: ([^"\\]*)/.exec(line)?.[1];
    if (answer === undefined) continue;
    answers.set(answer, syncs);
    syncs = [];
  }
  return answers;
}
