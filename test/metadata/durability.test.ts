// What an answer promises: a trace of the system calls shows the sync of the log before it, or that there was none.
import { expect } from "bun:test";
import { join } from "node:path";
import { clientTest } from "../support/clientTest.ts";
import { tempFolder } from "../support/processes.ts";
import { traceSyncs } from "../support/syncs.ts";

const sentence = "what is promised is synced before it is answered, and nothing else is synced";
clientTest(sentence, { commands: ["strace"] }, async (scope) => {
  const directory = tempFolder(scope, "durability");
  const writer = [process.execPath, join(import.meta.dir, "fixtures/writer.ts"), directory];

  const answers = await traceSyncs(scope, writer);

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
    ["keepBlob", log],
    ["no new lease", []],
    ["putManifest", log],
    ["putManifest again", log],
  ]);
});
