// `breadbox gc --server`: orders a collection, waits for its end, and prints what it counted. The server lists no blobs.

import type { Client } from "../client/client.ts";
import type { PrintedRun } from "../gc/printedRuns.ts";
import { exitCode } from "./exitCode.ts";
import type { Asked } from "./gc.ts";
import { foundLines, manifestLines, orphanLines } from "./gcText.ts";
import { readAnswer } from "./images/remote.ts";
import { misused } from "./images/source.ts";
import { complain, print, printAnswer } from "./print.ts";
import type { ProgressBar } from "./progressBar.ts";

/** Between two looks at a run, ms. */
const lookEvery = 300;

/** @returns 0 only when the run is done. @throws RefusedError, LineError */
export async function collectAt(client: Client, asked: Asked, bar: ProgressBar): Promise<number> {
  if (asked.verbose)
    return misused("gc", "--verbose lists the blobs of a data directory; a server lists none.");
  let run = await order(client, asked);
  while (run.state === "running") {
    bar.show({ label: "collecting", unit: "things", done: 0, total: 0 });
    await Bun.sleep(lookEvery);
    run = readAnswer<PrintedRun>(await client.json(`/v1/gc/runs/${run.id}`), "state");
  }
  bar.clear();
  if (asked.json) printAnswer(run);
  if (run.state !== "done") {
    complain(`The garbage collection failed: ${run.reason}`);
    return exitCode.failed;
  }
  if (!asked.json) print(runText(run));
  return exitCode.done;
}

async function order(client: Client, asked: Asked): Promise<PrintedRun> {
  const { dryRun, minAgeMs, untaggedOlderThanMs: age } = asked;
  const body = {
    dry_run: dryRun,
    ...(minAgeMs !== null && { min_age: minAgeMs / 1000 }),
    ...(age !== null && { untagged: true }),
    ...(typeof age === "number" && { older_than: age / 1000 }),
  };
  const answer = await client.json("/v1/gc", {
    ...{ method: "POST", headers: { "content-type": "application/json" } },
    body: JSON.stringify(body),
  });
  return readAnswer<PrintedRun>(answer, "state");
}

function runText(run: PrintedRun): string {
  const { dry_run: dryRun, total_blobs: total, referenced_blobs: referenced } = run;
  const [blobs, bytes] = dryRun
    ? [run.orphaned_blobs, run.orphaned_bytes]
    : [run.deleted_blobs, run.deleted_bytes];
  return [
    ...foundLines({ total, referenced }, dryRun),
    ...manifestLines(dryRun ? "Would delete" : "Deleted", run.deleted_manifests),
    ...orphanLines({ dryRun, blobs, bytes }),
  ].join("\n");
}
