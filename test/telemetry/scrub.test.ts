// What an operator reads when the scrub has taken damaged content out: who has to push or put it again.
import { expect, test } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import { reportScrub } from "../../src/telemetry/scrub.ts";
import { app, tag } from "../contract/metadataRows.ts";
import { keyOf } from "../support/objectStore.ts";

const digest = digestOf(new Uint8Array());

test("the log line about damaged content names the pulls and the objects that fail", () => {
  const lines: unknown[][] = [];
  const scrub = { read: () => {}, damaged: () => {}, unreadable: () => {}, finished: () => {} };
  const log = { info: () => {}, error: (...line: unknown[]) => void lines.push(line) };
  const holders = {
    repositories: [app],
    tags: [{ repository: app, name: tag("v1") }],
    more: false,
    objects: { some: [keyOf("backups/path/to/it")], others: 0 },
  };

  const report = { kind: "damaged", found: { digest, fault: "contentMissing", holders } } as const;
  reportScrub({ log, metrics: { scrub } }, report, null, 0);

  expect(lines).toEqual([
    [
      {
        event: "damaged",
        ...{ digest, fault: "contentMissing", repositories: [app], tags: ["team/app:v1"] },
        objects: ["backups/path/to/it"],
      },
      `stored blob ${digest} is damaged and was set aside: push it again; pulls that fail: team/app:v1; objects to be put again: backups/path/to/it`,
    ],
  ]);
});
