// A race: pushers, storers, readers and deletions against collections that never stop, on the executable. Everything that was answered is
// checked while it goes on, and everything that is left in the end.

import type { StartRegistry } from "../../support/binary.ts";
import { randomNumbers } from "../../support/bytes.ts";
import { Scope } from "../../support/scope.ts";
import { startRegistry } from "../../support/startRegistry.ts";
import { type TroublePlan, Troubles } from "../../support/troubles.ts";
import { type Ask, differences, fsckComplaint } from "../aftermath.ts";
import { Client } from "./client.ts";
import { type CollectorDeps, collectAtOnce, collectByCommand, collectUntil } from "./collector.ts";
import { makePool } from "./contents.ts";
import { Ledger } from "./ledger.ts";
import { readObject, readUntil } from "./objects.ts";
import { abort } from "./parts.ts";
import { pullImage, pullUntil } from "./puller.ts";
import { Pusher, repositoriesOf } from "./pusher.ts";
import { Storer } from "./storer.ts";

/** Rows, and perhaps bytes, that are not in the data directory. */
export interface RaceEngines {
  /** What names them to the executable. */
  readonly env: Readonly<Record<string, string>>;
  readonly ask: Ask;
  /** Of bytes that are elsewhere: starts the registry, and compares them in the end. */
  readonly bytes?: {
    readonly start: StartRegistry;
    readonly compare: (ask: Ask) => Promise<readonly string[]>;
  };
}

/** How long, and how hard. */
export interface RacePlan {
  readonly seed: string;
  readonly seconds: number;
  readonly pushers: number;
  /** Longest rest of a client between two things, in ms. */
  readonly restMs: number;
  /** Somebody sets the clock, and another program locks the database for seconds. */
  readonly isTroubled: boolean;
  /** Where rows and bytes are that are not in the data directory. */
  readonly engines?: RaceEngines;
  /** Told now and then how far it is. */
  readonly onProgress?: (ledger: Ledger) => void;
}

/** What came of it. */
export interface RaceResult {
  readonly ledger: Ledger;
  /** What is left and should not be, or is not left and should be. */
  readonly differences: readonly string[];
  /** What fsck complains of. */
  readonly fsck: string | null;
}

/** `gc.minAge`: short, so that leases run out all the time. Unit: ms. */
const leaseMs = 2_000;
/** So many that a layer is often nobody's for longer than a lease. */
const layers = 1_500;
const pullers = 2;
/** As many buckets, to each of which one of them writes. */
const storers = 3;
const usual = {
  BREADBOX_GC_MIN_AGE: `${leaseMs}ms`,
  BREADBOX_GC_ENABLED: "false",
  BREADBOX_LOG_LEVEL: "warn",
};
const progressMs = 60_000;
/** How long an upload may be idle; ms. For as long nothing is collected after the clock was set forward. */
const idleMs = 15_000;
const troubled = {
  BREADBOX_STORAGE_UPLOAD_TIMEOUT: `${idleMs}ms`,
  BREADBOX_STORAGE_CLEANUP_INTERVAL: "1s",
  BREADBOX_STORAGE_MULTIPART_MAX_UPLOAD_TTL_SECONDS: String(idleMs / 1000),
  BREADBOX_JOBS_CLEANUP_GRACE_PERIOD_SECONDS: "0",
  BREADBOX_JOBS_CLEANUP_SWEEP_INTERVAL_SECONDS: "1",
};
const offsets = ["+0", "+2m", "+2h", "+25h", "-1h", "+400d"] as const;
const offset = (draw: number): string => offsets[Math.floor(draw * offsets.length)] ?? "+0";
const trouble: TroublePlan = { offset, longestLockMs: 4_000, longestPauseMs: 12_000 };
/** Later than anything that was ever promised by a clock that was ahead. */
const afterAll = "+500d";

/** Runs one race from an empty directory. */
export async function race(plan: RacePlan): Promise<RaceResult> {
  await using scope = new Scope();
  const troubles = plan.isTroubled
    ? new Troubles(scope, randomNumbers(`${plan.seed}/troubles`), trouble)
    : null;
  const own = { ...usual, ...plan.engines?.env };
  const env = troubles === null ? own : { ...own, ...troubled, ...troubles.env };
  const { ask, bytes } = plan.engines ?? {};
  const registry = await (bytes?.start ?? startRegistry)(scope, { env });
  const ledger = new Ledger();
  const client = new Client(registry.url, ledger);
  const random = randomNumbers(`${plan.seed}/collector`);
  const { isTroubled } = plan;
  const collector = { client, ledger, registry, env, random, isTroubled };
  const stop = new AbortController();
  const troubling = troubles?.run(registry.data, stop.signal);
  await runAll(plan, collector);
  stop.abort();
  await troubling;
  if (troubles !== null) await endTroubles(troubles, ledger);
  await settle(collector);
  await client.ask("GET", "/metrics");
  await registry.stop();
  return {
    ledger,
    differences: await differences(
      ...([registry.data, ledger.live, ledger.objects, ask] as const),
      bytes && ((_, asked) => bytes.compare(asked)),
    ),
    fsck: await fsckComplaint(registry.data, plan.engines?.env),
  };
}

async function runAll(plan: RacePlan, collector: CollectorDeps): Promise<void> {
  const { client, ledger } = collector;
  const { seed, restMs, onProgress } = plan;
  const end = performance.now() + plan.seconds * 1000;
  const isOver = (): boolean => performance.now() > end || ledger.broken >= 20;
  const pool = makePool(seed, layers);
  const lanes = Array.from({ length: plan.pushers }, (_, lane) => lane);
  const everywhere = lanes.flatMap(repositoriesOf);
  const shared = { client, ledger, leaseMs, restMs };
  const pushers = lanes.map((lane) => {
    const random = randomNumbers(`${seed}/pusher ${lane}`);
    return new Pusher({ ...shared, random, pool, everywhere }, lane);
  });
  const repositories = pushers.flatMap((pusher) => pusher.repositories);
  const stores = Array.from({ length: storers }, (_, number) => {
    const random = randomNumbers(`${seed}/storer ${number}`);
    return new Storer({ ...shared, random, pool, repositories }, number).run(isOver);
  });
  const pulls = Array.from({ length: pullers }, (_, number) =>
    pullUntil({ ...shared, random: randomNumbers(`${seed}/puller ${number}`) }, isOver),
  );
  const timer = setInterval(() => onProgress?.(ledger), progressMs);
  try {
    const pushes = pushers.map((pusher) => pusher.run(isOver));
    const reads = readUntil(shared, isOver);
    await Promise.all([...pushes, ...stores, ...pulls, reads, collectUntil(collector, isOver)]);
  } finally {
    clearInterval(timer);
  }
}

/** The clock is set for the last time; then the doubt passes. */
async function endTroubles({ setClock, met }: Troubles, ledger: Ledger): Promise<void> {
  const { counts } = ledger;
  setClock(afterAll);
  // Nobody has to abort them: they expire meanwhile.
  ledger.openUploads.clear();
  counts.clockSteps = met.clock;
  counts.locks = met.lock;
  // A server looks at the clock once a second.
  await Bun.sleep(idleMs + 4_000);
}

/** Everybody has stopped: two collections at the same time, then, after the last lease, one that takes all it may. */
async function settle(collector: CollectorDeps): Promise<void> {
  const { client, ledger } = collector;
  for (const upload of [...ledger.openUploads]) await abort({ client, ledger }, upload);
  await collectAtOnce(collector);
  // Leases run out by the server's own clock.
  await Bun.sleep(1.1 * leaseMs + 200);
  const { state, reason } = await collectByCommand(collector, 0);
  if (state !== "done") ledger.note("others", `the last collection is ${state}: ${reason}`);
  for (const image of ledger.live) await pullImage({ client, ledger }, image);
  for (const object of ledger.objects) await readObject({ client, ledger }, object);
}

/** The figures of a race in one line. */
export function figuresOf({ events, lost, falseUnknowns, serverErrors, others, counts }: Ledger) {
  return { events, lost, falseUnknowns, serverErrors, others, ...counts };
}
