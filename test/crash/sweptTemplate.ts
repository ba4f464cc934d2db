// A data directory full of uploads in parts that expired long ago, with one that did not, and what must be left of it.
import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { UploadId } from "../../src/model/uploadId.ts";
import { bucket, openMultipartRoom } from "../jobs/multipartRoom.ts";
import { type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { sha256 } from "../support/bytes.ts";
import { problemsOf } from "../support/inspect.ts";
import { waitFor } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";
import { type DataTemplate, keepAsTemplate } from "../support/template.ts";

/** How much of what goes. */
export interface Stale {
  /** Expired uploads, of three parts each. */
  readonly expired: number;
  /** Folders that no upload knows of. */
  readonly leftovers: number;
}

/** A directory to copy. */
export interface SweptTemplate extends Pick<DataTemplate, "copy"> {
  /** What goes. */
  readonly stale: readonly UploadId[];
  /** What stays. */
  readonly open: UploadId;
}

const kept = ["kept ", "and ", "whole"];
const tenYearsMs = 3650 * 24 * 3_600_000;
/** Cleanup as early and as often as it can be. */
export const eager = {
  BREADBOX_JOBS_CLEANUP_SWEEP_INTERVAL_SECONDS: "1",
  BREADBOX_JOBS_CLEANUP_GRACE_PERIOD_SECONDS: "0",
};

/** Makes it. Its clock stood at the beginning of 2026. */
export async function makeSweptTemplate(scope: Scope, counts: Stale): Promise<SweptTemplate> {
  const room = await openMultipartRoom();
  try {
    const stale: UploadId[] = [];
    for (let count = 0; count < counts.expired; count += 1) {
      const id = await room.initiate(`expired/${count}`);
      for (const number of [1, 2, 3]) await room.part(id, number, `part ${number}`);
      stale.push(id);
    }
    for (let count = 0; count < counts.leftovers; count += 1) stale.push(await room.leaveBehind());
    const open = await room.initiate("kept", tenYearsMs);
    for (const [index, text] of kept.entries()) {
      await room.part(open, index + 1, text, tenYearsMs);
    }
    const { copy } = await keepAsTemplate(scope, room.store);
    return { stale, open, copy };
  } finally {
    await room.store.remove();
  }
}

const list = (data: string, folder: string) => readdir(join(data, "tmp", folder));

/** Uploads that have anything staged, known or not. */
export const countStaged = async (data: string): Promise<number> =>
  (await list(data, "multipart")).length;

/** What is wrong with a directory whose server was killed: rows without their bytes, or anything open that was touched. */
export async function damageOf(data: string, { open }: SweptTemplate): Promise<readonly string[]> {
  const folders = new Set(await list(data, "multipart"));
  const staged = await list(data, join("multipart", open)).catch(() => []);
  // What was already put together from them is made again if it is missing.
  const parts = staged.filter((name) => name.startsWith("part-"));
  const database = new Database(join(data, "breadbox.db"), { readonly: true });
  try {
    const rows = database.query("SELECT upload_id FROM multipart_uploads").values().flat();
    const bare = rows.filter((id) => !folders.has(String(id)));
    return [
      ...bare.map((id) => `the row of ${id} has no bytes`),
      ...(rows.includes(open) ? [] : ["the open upload has no row"]),
      ...(parts.length === kept.length ? [] : [`the open upload has parts ${parts}`]),
    ];
  } finally {
    database.close();
  }
}

const metric = (text: string, name: string): number =>
  Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);

/** A number that the server counts; NaN when it does not answer. */
export async function metricOf(url: string, name: string): Promise<number> {
  const answer = await fetch(`${url}/metrics`, { keepalive: false }).catch(() => null);
  return answer === null ? Number.NaN : metric(await answer.text(), name);
}

/** Starts a server on it, and waits until it has swept everything. @returns it, for more questions. */
export async function finishSweep(
  scope: Scope,
  data: string,
  template: SweptTemplate,
): Promise<RunningRegistry> {
  const server = await startBreadbox(scope, { data, env: eager });
  const isClean = async () =>
    (await list(data, "multipart")).join() === template.open &&
    (await list(data, "discarded")).length === 0;
  await waitFor("the sweep", isClean, { explain: server.logs });
  return server;
}

/** Completes what stayed, over HTTP, and looks at the whole directory afterwards. */
export async function completeKept(
  server: RunningRegistry,
  { open, stale }: SweptTemplate,
): Promise<void> {
  const uploads = `${server.url}/v1/buckets/${bucket}/multipart-uploads`;
  const [gone = open] = stale;
  expect((await fetch(`${uploads}/${gone}/parts`)).status).toBe(404);
  const listed = await fetch(`${uploads}/${open}/parts`);
  const { parts }: { parts: readonly unknown[] } = JSON.parse(await listed.text());
  expect(parts).toHaveLength(kept.length);
  const body = JSON.stringify({ parts });
  const completed = await fetch(`${uploads}/${open}/complete`, { method: "POST", body });
  const { digest }: { digest: string } = JSON.parse(await completed.text());
  expect([completed.status, digest]).toEqual([200, sha256(kept.join(""))]);
  await server.stop();
  expect(await list(server.data, "multipart")).toEqual([]);
  expect(await problemsOf(server.data)).toEqual([]);
}
