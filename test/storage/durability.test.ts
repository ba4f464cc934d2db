// Which syncs come before an offset is told: a trace of the system calls shows them.
import { expect } from "bun:test";
import { join } from "node:path";
import { clientTest } from "../support/clientTest.ts";
import { tempFolder } from "../support/processes.ts";
import { traceSyncs } from "../support/syncs.ts";

const sentence =
  "bytes that a status tells of, a cut closing PUT's too, have their folder synced, once";
clientTest(sentence, { commands: ["strace"] }, async (scope) => {
  const directory = tempFolder(scope, "appends");
  const appender = [process.execPath, join(import.meta.dir, "fixtures/appender.ts"), directory];

  const answers = await traceSyncs(scope, appender);

  answers.delete("opened");
  const found = [...answers].map(([answer, syncs]) => {
    const names = syncs.map((synced) => (/^[0-9a-f]{8}-/.test(synced) ? "folder" : synced));
    // The folders of stored names are made meanwhile, and synced.
    return [answer, names.filter((name) => ["data", "uploads", "folder"].includes(name)).sort()];
  });
  expect(found).toEqual([
    ["PATCH, whole", ["data", "folder", "uploads"]],
    // Its folder is on disk since the first one, and so are its bytes when they get their stored name.
    ["PATCH, another", ["data"]],
    ["closing PUT, empty", []],
    ["PATCH, cut", ["data", "folder", "uploads"]],
    ["closing PUT, whole", ["data"]],
    ["closing PUT, cut", ["data", "folder", "uploads"]],
  ]);
});
