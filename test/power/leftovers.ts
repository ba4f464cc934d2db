// What power losses left that is nobody's: staged parts go with the next cleanup, stored files without a row with a collection.
import { Database } from "bun:sqlite";
import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { storedFiles } from "../support/dataFolder.ts";
import { waitFor } from "../support/processes.ts";
import { must, readJson, send } from "./buckets.ts";
import { BrokenPromise } from "./promise.ts";

/** Several sweeps, on a machine that has other work. */
const sweptWithinMs = 20_000;

/** Waits until the cleanup has left nothing of uploads into buckets but these. @throws BrokenPromise. */
export async function assertSwept(data: string, open: readonly string[]): Promise<void> {
  let left: string[] = [];
  const isSwept = async (): Promise<boolean> => {
    const names = (folder: string) => readdir(join(data, "tmp", folder));
    const rows = readColumn(data, "SELECT upload_id FROM multipart_uploads");
    const staged = [...(await names("multipart")), ...rows].filter((id) => !open.includes(id));
    left = [...staged, ...(await names("discarded"))];
    return left.length === 0;
  };
  try {
    await waitFor("the cleanup", isSwept, { timeoutMs: sweptWithinMs });
  } catch (error) {
    throw new BrokenPromise(`left over in tmp: ${left}`, { cause: error });
  }
}

/**
 * Collects, with files that no row names made old enough, while nobody writes. @returns how many of these there were.
 * @throws BrokenPromise when afterwards other files are stored than those that rows name.
 */
export async function assertCollected(data: string, server: string): Promise<number> {
  const rows = new Set(namedFiles(data));
  const withoutRow = (await storedFiles(data)).filter((file) => !rows.has(file));
  for (const file of withoutRow) await makeOld(join(data, "blobs", file));
  await collect(server);
  const stored = await storedFiles(data);
  const named = namedFiles(data);
  const collected = named.filter((file) => !stored.includes(file));
  if (collected.length > 0) throw new BrokenPromise(`collected: ${collected}`);
  const left = stored.filter((file) => !named.includes(file));
  if (left.length > 0) throw new BrokenPromise(`left over: ${left}`);
  return withoutRow.length;
}

const namedFiles = (data: string): string[] => readColumn(data, "SELECT locator FROM contents");

/** A stored file's age is the time in its name, a UUID of version 7. */
async function makeOld(path: string): Promise<void> {
  const twoHoursAgo = (Date.now() - 2 * 3_600_000).toString(16).padStart(12, "0");
  const id = `${twoHoursAgo.slice(0, 8)}-${twoHoursAgo.slice(8)}`;
  await rename(path, path.replace(/[0-9a-f]{8}-[0-9a-f]{4}(?=-7)/, id));
}

async function collect(server: string): Promise<void> {
  const headers = { "content-type": "application/json" };
  const started = must(await send("POST", `${server}/v1/gc`, { body: "{}", headers }), 202);
  const { id } = readJson<{ id: string }>(started);
  for (;;) {
    const answer = must(await send("GET", `${server}/v1/gc/runs/${id}`), 200);
    const { state, reason } = readJson<{ state: string; reason: string | null }>(answer);
    if (state === "done") return;
    if (state !== "running") throw new BrokenPromise(`the collection is ${state}: ${reason}`);
    await Bun.sleep(50);
  }
}

function readColumn(data: string, query: string): string[] {
  const database = new Database(join(data, "breadbox.db"), { readonly: true });
  try {
    return database.query(query).values().flat().map(String);
  } finally {
    database.close();
  }
}
