// `breadbox bucket sync`: a folder and a bucket become the same, in one direction; only what differs is sent.
import { counted, showBytes } from "../../amounts.ts";
import { type BucketAddress, readAddress, readObject, showAddress } from "../../client/address.ts";
import type { Client } from "../../client/client.ts";
import { look } from "../../client/objectBytes.ts";
import { together, workers } from "../../client/parallel.ts";
import { LocalFile } from "../../client/pieces.ts";
import { usualPartBytes } from "../../client/plan.ts";
import { CommandError } from "../../client/problems.ts";
import { type Progress, shareOf } from "../../client/progress.ts";
import { putFile } from "../../client/putFile.ts";
import type { Patience } from "../../client/retry.ts";
import { plainText } from "../../plainText.ts";
import { exitCode } from "../exitCode.ts";
import { print, printJson } from "../print.ts";
import type { Options } from "../settingFlags.ts";
import { fetchInto } from "./fetchObject.ts";
import { folderOf, hasDigest, listFiles, makeFolderOf, removeFile } from "./localFiles.ts";
import { assertBucket, defaultParallel, readRetryFor, typeOf } from "./put.ts";
import { listBelow, removeObjects } from "./removeMany.ts";
import { UsageError, withServer } from "./session.ts";
import { PartFile } from "./sinks.ts";
import {
  bytesOf,
  type Direction,
  isFolder,
  planSync,
  type RemoteItem,
  type SyncItem,
  type SyncPlan,
} from "./syncPlan.ts";
import { Transfer } from "./transfer.ts";

/** One sync. */
interface Sync {
  readonly client: Client;
  readonly direction: Direction;
  readonly folder: string;
  /** The bucket, and what the names of its objects begin with. */
  readonly target: BucketAddress;
  readonly patience: Patience;
  readonly transfer: Progress;
}

/** @returns 0 when both are the same, but for what --delete would remove. @throws ConfigError */
export function sync(from: string, to: string, options: Options): Promise<number> {
  return withServer("bucket sync", options, async (client) => {
    const direction = directionOf(from, to);
    const [folder, bucket] = direction === "up" ? [from, to] : [to, from];
    const target = prefixOf(bucket);
    const forMs = readRetryFor(options);
    await assertBucket(client, target);
    using transfer = new Transfer("comparing", 0);
    const { stop, say } = transfer;
    const patience = { stop, forMs, url: client.url, say, outage: { isTold: false } };
    const job: Sync = {
      ...{ client, direction, target, patience, transfer },
      folder: folderOf(folder),
    };
    const remote = await listBelow(client, target);
    const plan = await compare(job, remote);
    const done = await carryOut(job, { plan, remote, transfer, options });
    if (options["json"] === true) printJson(summaryOf(job, plan, done));
    else print(syncText(job, plan, done));
    return exitCode.done;
  });
}

/** @throws UsageError */
function directionOf(from: string, to: string): Direction {
  if (isFolder(from) === isFolder(to)) {
    throw new UsageError(
      "one of the two has to be a folder, written with a dot or a slash at its beginning: ./docs. Nothing was done.",
    );
  }
  return isFolder(from) ? "up" : "down";
}

/** `backups/2026` and `backups/2026/` are the same folder of names. */
function prefixOf(text: string): BucketAddress {
  const { bucket, object } = readAddress(text);
  return { bucket, object: object === "" || object.endsWith("/") ? object : `${object}/` };
}

async function compare(job: Sync, remote: readonly RemoteItem[]): Promise<SyncPlan> {
  const { direction, folder, target, transfer } = job;
  const local = await listFiles(folder, direction === "down");
  // A name that a bucket cannot have is known before anything is sent.
  for (const { name } of local) readObject(`${target.bucket}/${target.object}${name}`);
  return planSync(direction, local, remote, (file, object) =>
    hasDigest(`${folder}/${file.name}`, object.digest, transfer.stop),
  );
}

interface Order {
  readonly plan: SyncPlan;
  readonly remote: readonly RemoteItem[];
  readonly transfer: Transfer;
  readonly options: Options;
}

/** What was done of a plan. */
interface Done {
  readonly isDry: boolean;
  /** null: it was not asked for, or --yes is missing. */
  readonly deleted: number | null;
  /** --delete was asked for, and --yes is missing: nothing was done. */
  readonly awaitsYes: boolean;
}

/** Transfers come first: what is deleted is deleted when everything else is there. */
async function carryOut(job: Sync, { plan, remote, transfer, options }: Order): Promise<Done> {
  const deletes = options["delete"] === true && plan.extra.length > 0;
  if (deletes && plan.same + plan.transfers.length === 0) {
    throw new CommandError("The source holds nothing: nothing was deleted. Is its name right?");
  }
  const awaitsYes = deletes && options["yes"] !== true;
  const isDry = options["dryRun"] === true;
  if (isDry || awaitsYes) return { isDry, deleted: null, awaitsYes };
  transfer.total = bytesOf(plan.transfers);
  transfer.begin(job.direction === "up" ? "sending" : "getting");
  const isSmall = ({ size }: SyncItem): boolean => size <= usualPartBytes;
  const move = (item: SyncItem, stop: AbortSignal) =>
    moveOne({ ...job, patience: { ...job.patience, stop } }, item);
  await together(transfer.stop, workers(defaultParallel, plan.transfers.filter(isSmall), move));
  // The parts of a large file are sent in parallel already.
  for (const item of plan.transfers) if (!isSmall(item)) await move(item, transfer.stop);
  return { isDry, deleted: deletes ? await removeExtra(job, plan.extra, remote) : null, awaitsYes };
}

function moveOne(job: Sync, item: SyncItem): Promise<void> {
  return job.direction === "up" ? putOne(job, item) : getOne(job, item);
}

async function putOne(
  { client, folder, target, patience, transfer }: Sync,
  { name }: SyncItem,
): Promise<void> {
  const path = `${folder}/${name}`;
  const file = await LocalFile.open(path);
  try {
    await putFile({
      ...{ client, patience, file, contentType: typeOf(path), transfer: shareOf(transfer) },
      target: { bucket: target.bucket, object: target.object + name },
      onBytes: transfer.add,
      options: { partBytes: null, parallel: defaultParallel },
      onUpload: () => {},
    });
  } finally {
    await file.close();
  }
}

async function getOne(
  { client, folder, target, patience, transfer }: Sync,
  { name }: SyncItem,
): Promise<void> {
  const object = { bucket: target.bucket, object: target.object + name };
  const path = `${folder}/${name}`;
  const wanted = await look(client, object, patience.stop);
  await makeFolderOf(path);
  const sink = await PartFile.open(path);
  try {
    await fetchInto(
      sink,
      { client, target: object, patience, transfer: shareOf(transfer) },
      wanted,
    );
    await sink.publish();
  } finally {
    await sink.close();
  }
}

async function removeExtra(
  { client, direction, folder, target }: Sync,
  extra: readonly SyncItem[],
  remote: readonly RemoteItem[],
): Promise<number> {
  if (direction === "up") {
    const names = new Set(extra.map(({ name }) => name));
    return removeObjects(
      client,
      target,
      remote.filter(({ name }) => names.has(name)),
    );
  }
  for (const { name } of extra) await removeFile(`${folder}/${name}`);
  return extra.length;
}

const listed = 20;

function syncText({ direction, folder, target }: Sync, plan: SyncPlan, done: Done): string {
  const { transfers, extra, same } = plan;
  const noun = direction === "up" ? "file" : "object";
  const there = direction === "up" ? plainText(showAddress(target)) : folder;
  const moved = `${counted(transfers.length, noun)} (${showBytes(bytesOf(transfers))})`;
  const waits = done.isDry || done.awaitsYes;
  const names = (items: readonly SyncItem[], sign: string): string[] => [
    ...items.slice(0, listed).map(({ name }) => `${sign} ${plainText(name)}`),
    ...(items.length > listed ? [`${sign} … and ${items.length - listed} more`] : []),
  ];
  return [
    ...(waits ? names(transfers, "+") : []),
    ...(done.awaitsYes ? names(extra, "-") : []),
    `${waits ? "Would copy" : "Copied"} ${moved} to ${there}; ${same} ${same === 1 ? "is" : "are"} the same.`,
    ...extraLines(extra, done, there),
  ].join("\n");
}

function extraLines(
  extra: readonly SyncItem[],
  { deleted, awaitsYes }: Done,
  there: string,
): string[] {
  const sum = `${counted(extra.length, "name")} (${showBytes(bytesOf(extra))})`;
  if (deleted !== null) return [`Deleted ${counted(deleted, "name")} in ${there}.`];
  if (awaitsYes) return [`Would delete ${sum} in ${there}. Nothing was done: to do it, add --yes.`];
  return extra.length === 0
    ? []
    : [`${sum} in ${there} are not in the source; --delete removes them.`];
}

function summaryOf({ direction, folder, target }: Sync, plan: SyncPlan, done: Done) {
  const { transfers, extra, same } = plan;
  return {
    ...{ direction, folder, bucket: target.bucket, prefix: target.object },
    ...{ dryRun: done.isDry || done.awaitsYes, same, deleted: done.deleted },
    copied: transfers,
    extra: extra.map(({ name, size }) => ({ name, size })),
  };
}
