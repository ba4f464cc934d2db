// What an answer promises: a trace of the system calls shows the sync of the log before it, or that there was none.
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { clientTest } from "../support/clientTest.ts";
import { run, tempFolder } from "../support/processes.ts";

/** How many syncs of which files ended before each answer, since the one before. */
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

const sentence = "what is promised is synced before it is answered, and nothing else is synced";
clientTest(sentence, { commands: ["strace"] }, async (scope) => {
  const directory = tempFolder(scope, "durability");
  const trace = join(tempFolder(scope, "trace"), "trace");
  const writer = [process.execPath, join(import.meta.dir, "fixtures/writer.ts"), directory];

  await run(["strace", "-f", "-y", "-e", "trace=fsync,fdatasync,write", "-o", trace, ...writer]);

  const answers = syncsBefore(readFileSync(trace, "utf8"));
  const log = ["breadbox.db-wal"];
  const folder = directory.replace(/^.*\//, "");
  // The log, then the folder with the names of database and log, then the format file and its name.
  const format = expect.stringMatching(/^format\.\d+$/);
  expect(answers.get("open")?.slice(-4)).toEqual([...log, folder, format, folder]);
  answers.delete("open");
  expect([...answers]).toEqual([
    ["startUpload", []],
    ["claimUpload", []],
    ["renewClaim", []],
    ["advanceUpload", log],
    ["releaseUpload", []],
    ["removeUpload", log],
    ["finishUpload", log],
    ["renewLease", log],
    ["no new lease", []],
    ["putManifest", log],
    ["putManifest again", log],
  ]);
});
