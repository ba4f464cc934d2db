// kill -9 again and again while chunked uploads run, the clock is set and the database is locked. `sh .dev/bun test/crash/uploadKills.ts` runs the long form and prints its figures.

import { number, readOptions, seed as seedOption } from "../../.dev/options.ts";
import { randomNumbers } from "../support/bytes.ts";
import { damagedFiles } from "../support/dataFolder.ts";
import { pullBlob } from "../support/images.ts";
import { problemsOf } from "../support/inspect.ts";
import { freePort } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { startRegistry } from "../support/startRegistry.ts";
import { Troubles } from "../support/troubles.ts";
import { UploadLane } from "./uploadLane.ts";

/** How much to kill. */
export interface KillPlan {
  readonly seed: string;
  readonly kills: number;
  /** No further kill after this long, ms. */
  readonly withinMs: number;
}

/** What happened. */
export interface KillFigures {
  kills: number;
  /** Blobs that were answered with 201, all of them pulled and compared afterwards. */
  blobs: number;
  /** What killed uploads were doing: sending a chunk, or closing. */
  chunk: number;
  closing: number;
  /** How often the clock was set, and the database locked. */
  clock: number;
  lock: number;
  /** Bytes under `blobs/` whose hash is not the one in their name, and whatever fsck finds. */
  readonly damaged: string[];
  /** Longest time from a start to the first answer, ms. */
  slowestStartMs: number;
}

const lanesAtOnce = 4;
/** Kills on one data directory: what it holds is checked as a whole at the end. */
const killsPerDirectory = 100;
/** The moment of a kill is drawn from this span after the uploads went on, ms: some blobs are finished in between. */
const spanMs = 250;

/** Kills and restarts. @throws when an acknowledged offset or blob is not there afterwards. */
export async function killUploads({ seed, kills, withinMs }: KillPlan): Promise<KillFigures> {
  const figures: KillFigures = {
    kills: 0,
    blobs: 0,
    chunk: 0,
    closing: 0,
    clock: 0,
    lock: 0,
    damaged: [],
    slowestStartMs: 0,
  };
  const deadline = performance.now() + withinMs;
  while (figures.kills < kills && performance.now() < deadline) {
    const most = Math.min(killsPerDirectory, kills - figures.kills);
    await killOnOneDirectory(`${seed}/${figures.kills}`, { most, deadline }, figures);
  }
  return figures;
}

async function killOnOneDirectory(
  seed: string,
  { most, deadline }: { readonly most: number; readonly deadline: number },
  figures: KillFigures,
): Promise<void> {
  await using scope = new Scope();
  const random = randomNumbers(`${seed}/kills`);
  const port = freePort();
  const troubles = new Troubles(scope, randomNumbers(`${seed}/troubles`));
  const start = (data?: string) =>
    startRegistry(scope, { ...(data && { data }), port, pollMs: 5, env: troubles.env });
  let registry = await start();
  const lanes = Array.from({ length: lanesAtOnce }, (_, lane) => {
    const repository = `${registry.url}/v2/crash/lane-${lane}`;
    return new UploadLane({ repository, seed: `${seed}/lane-${lane}` });
  });
  for (let kill = 0; kill < most && performance.now() < deadline; kill += 1) {
    const stop = new AbortController();
    const trouble = troubles.run(registry.data, stop.signal);
    const running = Promise.all(lanes.map((lane) => lane.run()));
    await Promise.race([Bun.sleep(random() * spanMs), running]);
    await registry.kill9();
    stop.abort();
    await Promise.all([running, trouble]);
    figures.kills += 1;
    const started = performance.now();
    registry = await start(registry.data);
    figures.slowestStartMs = Math.max(figures.slowestStartMs, performance.now() - started);
    figures.damaged.push(...(await problemsOf(registry.data, false)));
    await Promise.all(lanes.map((lane) => lane.settle()));
  }
  await Promise.all(lanes.map((lane) => lane.complete()));
  for (const [number, lane] of lanes.entries()) {
    for (const digest of lane.finished) {
      await pullBlob(`${registry.url}/v2/crash/lane-${number}`, digest);
      figures.blobs += 1;
    }
    figures.chunk += lane.met.chunk;
    figures.closing += lane.met.closing;
  }
  figures.clock += troubles.met.clock;
  figures.lock += troubles.met.lock;
  figures.damaged.push(
    ...(await damagedFiles(registry.data)),
    ...(await problemsOf(registry.data)),
  );
}

if (import.meta.main) {
  const { seed, kills } = readOptions({
    name: "sh .dev/bun test/crash/uploadKills.ts",
    about:
      "Kills the server while chunks are uploaded, the clock is set and the database is locked.",
    options: { kills: number("N", 1000, "how often"), seed: seedOption },
  }).values;
  console.log(`BREADBOX_TEST_SEED=${seed}`);
  const started = performance.now();
  const figures = await killUploads({ seed, kills, withinMs: Number.POSITIVE_INFINITY });
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(JSON.stringify({ ...figures, seconds }, null, 2));
  process.exitCode = figures.damaged.length === 0 ? 0 : 1;
}
