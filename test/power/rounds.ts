// Power losses, one after the other on the same disk: start, work, cut, mount, start, compare with what was answered.
import { join } from "node:path";
import { randomNumbers } from "../support/bytes.ts";
import { type Disk, mountDisk, type SyncKind } from "../support/powerLoss/powerLoss.ts";
import { freePort, tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { ChunkLane } from "./chunkLane.ts";
import { addFigures, type Lane, noFigures, type PowerFigures } from "./figures.ts";
import { ImageLane } from "./imageLane.ts";
import { assertCollected, assertSwept } from "./leftovers.ts";
import { ObjectLane } from "./objectLane.ts";
import { fickle, PartLane, steady } from "./partLane.ts";
import { BrokenPromise, between } from "./promise.ts";
import { assertClean, assertUndamaged, data, dataOn, startServer } from "./server.ts";

/** How much to try. */
export interface PowerPlan {
  readonly seed: string;
  readonly rounds: number;
  /** A disk that only pretends to sync some files: a fault that has to be found. */
  readonly ignore?: SyncKind;
  /** Told after each round. */
  readonly onRound: (round: RoundReport) => void;
}

/** One power loss. */
export interface RoundReport {
  readonly round: number;
  /** Operations that wrote or synced before the power failed. */
  readonly operations: number;
  readonly keepPercent: number;
  readonly syncTimeUs: number;
  readonly cutAtSync: boolean;
  /** The log was moved into the database first, so that the first commit starts it over. */
  readonly quiet: boolean;
  /** The server had not answered yet. */
  readonly whileStarting: boolean;
  /** From the start after the loss to the first answer. */
  readonly startMs: number;
}

/** The power fails by itself before this; ms. */
const longestRoundMs = 2_500;
/** Operations that a start on an existing disk makes, roughly: some losses fall among them. */
const operationsOfStart = 60;
/** Longer than it takes the server to move a log of some size. Unit: ms. */
const quietMs = 1_500;
const operationsAfterQuiet = 2_500;
const keepPercents = [0, 0, 50, 90] as const;
/** A disk that fills makes each comparison longer. */
const roundsOnOneDisk = 10;
const chunkLanes = 4;
/** From a fast disk to a slow one: long enough for other requests to read what is not synced yet. */
const syncTimesUs = [0, 300, 4_000] as const;

/** Runs the rounds. @throws BrokenPromise when something that was answered is not so after a loss. */
export async function losePower(plan: PowerPlan): Promise<PowerFigures> {
  const total = noFigures();
  for (let first = 0; first < plan.rounds; first += roundsOnOneDisk) {
    const last = Math.min(plan.rounds, first + roundsOnOneDisk) - 1;
    addFigures(total, await losePowerOnOneDisk(plan, first, last));
  }
  return total;
}

async function losePowerOnOneDisk(
  { seed: planSeed, ignore, onRound }: PowerPlan,
  first: number,
  last: number,
): Promise<PowerFigures> {
  await using scope = new Scope();
  const backing = tempFolder(scope, "power");
  const port = freePort();
  const lanes = makeLanes(`${planSeed}/${first}`, port);
  const random = randomNumbers(`${planSeed}/${first}/rounds`);
  const fault = ignore ? { ignore } : {};
  // Until the first round has shown how many operations fit in one.
  let most: number | null = null;
  const figures = noFigures();
  for (let round = first; round <= last; round += 1) {
    const keepPercent = keepPercents[between(0, keepPercents.length, random())] ?? 0;
    const syncTimeUs = syncTimesUs[between(0, syncTimesUs.length, random())] ?? 0;
    const cutAtSync = random() < 0.5;
    const quiet = random() < 0.4;
    const early = random() < 0.15;
    const seed = between(1, 2 ** 31, random());
    const moment: Partial<DiskPlan> =
      most === null
        ? {}
        : { cutAtSync, cutAfter: between(1, lastCut(most, { quiet, early }), random()) };
    const disk = { backing, seed, keepPercent, syncTimeUs, ...fault, ...moment };
    const lost = await workUntilLoss(disk, { port, lanes, waitMs: quiet ? quietMs : 0 });
    most ??= lost.operations;
    const report = { round, keepPercent, syncTimeUs, cutAtSync, quiet, ...lost };
    try {
      const place = { backing, seed, port, lanes, collects: round === last };
      const { startMs, withoutRow } = await compare(place);
      figures.withoutRow += withoutRow;
      onRound({ ...report, startMs });
    } catch (error) {
      if (!(error instanceof BrokenPromise)) throw error;
      throw new BrokenPromise(`${JSON.stringify(report)}: ${error.message}`);
    }
  }
  for (const lane of lanes) addFigures(figures, lane.figures);
  figures.logRestarts = await logRestarts(join(backing, "tree", data));
  return figures;
}

/** The log counts its beginnings in its header (SQLite file format, 4.1). */
async function logRestarts(folder: string): Promise<number> {
  const header = await Bun.file(join(folder, "breadbox.db-wal")).slice(0, 16).arrayBuffer();
  return new DataView(header).getUint32(12);
}

function lastCut(most: number, { quiet, early }: { quiet: boolean; early: boolean }): number {
  if (quiet) return operationsAfterQuiet;
  return early ? operationsOfStart : most;
}

function makeLanes(seed: string, port: number): Lane[] {
  const server = `http://127.0.0.1:${port}`;
  const target = (name: string, laneSeed: string) => ({
    repository: `${server}/v2/power/${name}`,
    seed: `${seed}/${laneSeed}`,
  });
  const bucket = (name: string, laneSeed: string) => ({
    server,
    name,
    seed: `${seed}/${laneSeed}`,
  });
  return [
    ...Array.from({ length: chunkLanes }, (_, n) => new ChunkLane(target(`chunks-${n}`, `c${n}`))),
    // The same content at the same time, twice.
    new ImageLane(target("images-0", "i0")),
    new ImageLane(target("images-1", "i0")),
    new ImageLane(target("images-2", "i2")),
    new ObjectLane(bucket("objects-0", "o0")),
    new ObjectLane(bucket("objects-1", "o0")),
    new PartLane(bucket("parts-0", "p0"), steady),
    new PartLane(bucket("parts-1", "p1"), steady),
    new PartLane(bucket("parts-2", "p2"), fickle),
    new PartLane(bucket("parts-3", "p3"), fickle),
  ];
}

type DiskPlan = Parameters<typeof mountDisk>[1];
interface Clients {
  readonly port: number;
  readonly lanes: readonly Lane[];
}

/** Starts, lets all clients work, and returns when the power has failed and everything is unmounted. */
async function workUntilLoss(
  plan: DiskPlan,
  { port, lanes, waitMs }: Clients & { readonly waitMs: number },
): Promise<Pick<RoundReport, "operations" | "whileStarting">> {
  await using scope = new Scope();
  const disk = await mountDisk(scope, plan);
  const server = await startServer(scope, disk, port);
  if (server.isReady) await Bun.sleep(waitMs);
  let working = true;
  const timer = setTimeout(() => void disk.cut(), longestRoundMs);
  const all = Promise.all(lanes.map((lane) => (server.isReady ? work(lane, disk) : null)));
  while (working && disk.hasPower()) {
    working = await Promise.race([all.then(() => false), Bun.sleep(2).then(() => true)]);
  }
  clearTimeout(timer);
  if (disk.hasPower()) throw new Error("all clients ended before the power failed");
  await server.process.kill9();
  await all;
  const { operations } = await disk.unmount();
  return { operations, whileStarting: !server.isReady };
}

/** Works until requests fail because there is no power; any other failure counts. */
async function work(lane: Lane, disk: Disk): Promise<void> {
  try {
    await lane.run();
  } catch (error) {
    // The answer may be here before the disk's word.
    for (let asked = 0; asked < 200 && disk.hasPower(); asked += 1) await Bun.sleep(5);
    if (disk.hasPower()) throw error;
  }
}

interface Comparison extends Clients {
  readonly backing: string;
  readonly seed: number;
  /** Also what a collection leaves. */
  readonly collects: boolean;
}

/** Starts the server on what is left and compares. @returns how long it took to answer, ms, and files that had no row. */
async function compare({
  backing,
  seed,
  port,
  lanes,
  collects,
}: Comparison): Promise<{ readonly startMs: number; readonly withoutRow: number }> {
  await using scope = new Scope();
  const disk = await mountDisk(scope, { backing, seed, keepPercent: 0 });
  await assertUndamaged(disk);
  const started = performance.now();
  const server = await startServer(scope, disk, port);
  const startMs = Math.round(performance.now() - started);
  await Promise.all(lanes.map((lane) => lane.settle()));
  const open = lanes.flatMap((lane) => lane.openUploads);
  await assertSwept(dataOn(disk), open);
  const address = `http://127.0.0.1:${port}`;
  const withoutRow = collects ? await assertCollected(dataOn(disk), address) : 0;
  await Promise.all(lanes.map((lane) => lane.verify()));
  await assertUndamaged(disk);
  await assertClean(disk);
  // kill -9, with everything on its disk: the next round starts from a log that was not emptied.
  await server.process.kill9();
  await disk.unmount();
  return { startMs, withoutRow };
}
