// The rounds of the stress run: uploads until so many bytes were planned, then everything is deleted, collected and looked for.
import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { randomNumbers } from "../../support/bytes.ts";
import { storedFiles } from "../../support/dataFolder.ts";
import { problemsOf } from "../../support/inspect.ts";
import { textBody } from "../../support/rawObjects.ts";
import { drawUpload } from "./plan.ts";
import { deleteObject, runUpload, type UploadRoom } from "./upload.ts";

/** How much, and in what pieces. Bytes. */
export interface StressPlan {
  readonly seed: string;
  readonly bytes: number;
  /** Of one round: parts and objects need up to twice as much of the disk. */
  readonly roundBytes: number;
  /** Sent between two kills, on average. */
  readonly bytesPerKill: number;
}

const json = { "Content-Type": "application/json" };

/** Runs one round. @returns the bytes of the objects that were planned. */
export async function runRound(
  room: UploadRoom,
  plan: StressPlan,
  { round, most }: { readonly round: number; readonly most: number },
): Promise<number> {
  const name = `${plan.seed}/${round}`;
  const random = randomNumbers(name);
  const there: string[] = [];
  let planned = 0;
  let uploads = 0;
  const work = async (): Promise<void> => {
    while (planned < most) {
      const upload = drawUpload(`${name}-${uploads++}`, most - planned);
      planned += upload.size;
      // Some replace an object that is there.
      const object = random() < 0.1 ? there.shift() : undefined;
      const stored = await runUpload(room, upload, object);
      const kept = stored ?? object;
      if (kept !== undefined) there.push(kept);
    }
  };
  const atOnce = 4 + Math.floor(random() * 5);
  const killer = killNowAndThen(room, plan.bytesPerKill, random);
  try {
    await Promise.all(Array.from({ length: atOnce }, work));
  } finally {
    await killer.stop();
  }
  room.violations.push(...(await problemsOf(room.server.data, false)));
  await abortForgotten(room);
  for (const object of there) await deleteObject(room, object);
  await collectAll(room);
  return planned;
}

/** Kills whenever a drawn number of bytes was sent. */
function killNowAndThen({ server, figures }: UploadRoom, every: number, random: () => number) {
  const draw = (): number => figures.sentBytes + 2 * every * random();
  let next = draw();
  let running = true;
  const work = async (): Promise<void> => {
    while (running) {
      await Bun.sleep(20);
      if (figures.sentBytes < next) continue;
      await server.kill();
      next = draw();
    }
  };
  const done = work();
  return {
    stop: async (): Promise<void> => {
      running = false;
      await done;
    },
  };
}

/** Uploads whose initiate was answered to nobody, because the server was killed. */
async function abortForgotten({ server, bucket }: UploadRoom): Promise<void> {
  const path = `/v1/buckets/${bucket}/multipart-uploads`;
  const { excerpt } = await server.ask(() => ({ method: "GET", path }), { statuses: [200] });
  const { uploads }: { uploads: { upload_id: string; parts: number }[] } = JSON.parse(excerpt);
  for (const { upload_id: id, parts } of uploads) {
    if (parts > 0) throw new Error(`upload ${id} with ${parts} parts was left open`);
    await server.ask(() => ({ method: "DELETE", path: `${path}/${id}` }), { statuses: [204] });
  }
}

/**
 * Collects what is garbage, twice: a kill between a file's name and its row leaves a file without a row, which is left alone for an
 * hour. After the first time those files are made that old. Then there must be none.
 */
async function collectAll(room: UploadRoom): Promise<void> {
  const { server, figures, violations } = room;
  await collect(room);
  const stored = await storedFiles(server.data);
  figures.filesWithoutRow += stored.length;
  if (stored.length > 0) {
    for (const file of stored) await makeOld(join(server.data, "blobs", file));
    await collect(room);
  }
  violations.push(...(await leftOver(server.data)).map((file) => `left behind: ${file}`));
  if (figures.filesWithoutRow > server.figures.kills) {
    violations.push(`${figures.filesWithoutRow} files without a row`);
  }
}

/** A stored file's age is the time in its name, a UUID of version 7. */
async function makeOld(path: string): Promise<void> {
  const twoHoursAgo = (Date.now() - 2 * 3_600_000).toString(16).padStart(12, "0");
  const id = `${twoHoursAgo.slice(0, 8)}-${twoHoursAgo.slice(8)}`;
  await rename(path, path.replace(/[0-9a-f]{8}-[0-9a-f]{4}(?=-7)/, id));
}

async function collect({ server }: UploadRoom): Promise<void> {
  const start = () => ({ method: "POST", path: "/v1/gc", headers: json, body: textBody("{}") });
  const { excerpt } = await server.ask(start, { statuses: [202] });
  const { id }: { id: string } = JSON.parse(excerpt);
  for (;;) {
    const ask = () => ({ method: "GET", path: `/v1/gc/runs/${id}` });
    const answer = await server.ask(ask, { statuses: [200] });
    const { state, reason }: { state: string; reason: string | null } = JSON.parse(answer.excerpt);
    if (state === "done") return;
    if (state !== "running") throw new Error(`the collection ended as ${state}: ${reason}`);
    await Bun.sleep(100);
  }
}

/** Whatever stands where objects, their parts and uploads stand. */
export async function leftOver(data: string): Promise<string[]> {
  const staged = await Promise.all(
    ["tmp", "uploads"].map(async (folder) => {
      const entries = await readdir(join(data, folder), { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => !entry.isDirectory() || isUploadFolder(entry.name))
        .map((entry) => join(entry.parentPath, entry.name).slice(data.length + 1));
    }),
  );
  return [...staged.flat(), ...(await storedFiles(data)).map((file) => `blobs/${file}`)];
}

const isUploadFolder = (name: string): boolean => /^[0-9a-f-]{36}/.test(name);
