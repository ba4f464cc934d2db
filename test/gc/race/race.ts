// A race: pushers, storers, readers and deletions against collections that never stop, on the executable. Everything that was answered is
// checked while it goes on, and everything that is left in the end.

import { Database } from "bun:sqlite";
import { join } from "node:path";
import type { StartRegistry } from "../../support/binary.ts";
import { randomNumbers } from "../../support/bytes.ts";
import { tempFolder } from "../../support/processes.ts";
import { Scope } from "../../support/scope.ts";
import { runShort } from "../../support/shortages.ts";
import { startRegistry } from "../../support/startRegistry.ts";
import { type TroublePlan, Troubles } from "../../support/troubles.ts";
import { type Ask, differences, fsckComplaint } from "../aftermath.ts";
import { accountsUntil, administrator, makeToken, withLogins } from "./accounts.ts";
import { backUpUntil } from "./backups.ts";
import { Client } from "./client.ts";
import { type CollectorDeps, collectAtOnce, collectByCommand, collectUntil } from "./collector.ts";
import { makePool } from "./contents.ts";
import { type Counts, Ledger } from "./ledger.ts";
import { Life } from "./life.ts";
import { Measure, type Trends } from "./measure.ts";
import { type ObjectDeps, readObject, readUntil } from "./objects.ts";
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
  /** What has to happen: on a machine that does other things the race goes on until it has, four times as long at most. */
  readonly atLeastOnce?: readonly (keyof Counts)[];
  readonly pushers: number;
  /** Longest rest of a client between two things, in ms. */
  readonly restMs: number;
  /** Rest after each collection and each backup, in ms: what a run of hours leaves to other programs. None without. */
  readonly pauseMs?: number;
  /** Somebody sets the clock, and another program locks the database for seconds. */
  readonly isTroubled: boolean;
  /** What else goes on: none of it without. */
  readonly hardships?: Hardships;
  /** Where rows and bytes are that are not in the data directory. */
  readonly engines?: RaceEngines;
  /** Told now and then how far it is, and what the processes take. */
  readonly onProgress?: (ledger: Ledger, trends: Trends | null) => void;
}

/** What a server meets in years. */
export interface Hardships {
  /** Its processes are killed, for so long; then they live, and are measured. */
  readonly killSeconds: number;
  /** Everybody logs in, and accounts come and go. */
  readonly accounts: boolean;
  /** Descriptors run out for moments. */
  readonly shortages: boolean;
  /** Backups are made, pruned and restored. */
  readonly backups: boolean;
}

/** What came of it. */
export interface RaceResult {
  readonly ledger: Ledger;
  /** What is left and should not be, or is not left and should be. */
  readonly differences: readonly string[];
  /** What fsck complains of. */
  readonly fsck: string | null;
  /** What the processes took; null when they did not live long enough. */
  readonly trends: Trends | null;
}

/** `gc.minAge`: short, so that leases run out all the time. Unit: ms. */
const leaseMs = 2_000;
/** So many that a layer is often nobody's for longer than a lease. */
const layers = 1_500;
/** Requests that one shortage cuts between their bytes and their rows. */
const strayRequests = 10;
/** A second, on a machine that does other things. */
const replicaStaleMs = 3_000;
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
const idleMs = 30_000;
const troubled = {
  BREADBOX_STORAGE_UPLOAD_TIMEOUT: `${idleMs}ms`,
  BREADBOX_STORAGE_MULTIPART_MAX_UPLOAD_TTL_SECONDS: String(idleMs / 1000),
};
/** What a kill leaves in folders is swept at once. */
const swept = {
  BREADBOX_STORAGE_CLEANUP_INTERVAL: "1s",
  BREADBOX_JOBS_CLEANUP_GRACE_PERIOD_SECONDS: "0",
  BREADBOX_JOBS_CLEANUP_SWEEP_INTERVAL_SECONDS: "1",
};
const offsets = ["+0", "+2m", "+2h", "+25h", "-1h", "+400d"] as const;
const offset = (draw: number): string => offsets[Math.floor(draw * offsets.length)] ?? "+0";
const trouble: TroublePlan = { offset, longestLockMs: 4_000, longestPauseMs: 12_000 };
/** Later than the clock ever was. */
const afterAll = "+500d";
/** A clock that jumps forward takes the leases along that outlast its jump, so some end in years. */
const endLeases = "UPDATE contents SET kept_until = 0; UPDATE repositories SET pushing_until = 0";

const calm: Hardships = { killSeconds: 0, accounts: false, shortages: false, backups: false };

/** Runs one race from an empty directory. */
export async function race(plan: RacePlan): Promise<RaceResult> {
  await using scope = new Scope();
  const { hardships = calm, engines, pauseMs = 0 } = plan;
  const troubles = plan.isTroubled
    ? new Troubles(scope, randomNumbers(`${plan.seed}/troubles`), trouble)
    : null;
  const env = {
    ...{ ...usual, ...engines?.env, ...(hardships.accounts && withLogins) },
    ...(troubles !== null && { ...troubled, ...troubles.env }),
    ...((troubles !== null || hardships.killSeconds > 0) && swept),
  };
  const { ask, bytes } = engines ?? {};
  const life = new Life(scope, await (bytes?.start ?? startRegistry)(scope, { env }));
  const ledger = new Ledger();
  const options = { life: hardships.killSeconds > 0 ? life : undefined };
  const anybody = new Client(life.url, ledger, options);
  const client = hardships.accounts ? anybody.as(await makeToken(anybody)) : anybody;
  const random = randomNumbers(`${plan.seed}/collector`);
  const isTroubled = plan.isTroubled || hardships.killSeconds > 0;
  const collector = { client, ledger, registry: life, env, random, isTroubled, pauseMs };
  const stop = new AbortController();
  const measure = new Measure(life);
  const timer = setInterval(() => plan.onProgress?.(ledger, measure.trends()), progressMs);
  scope.defer(() => clearInterval(timer));
  const short = {
    random: randomNumbers(`${plan.seed}/short`),
    // libfaketime opens a file each time: without a descriptor it shows the machine's time.
    onBegin: () => troubles?.setClock("+0"),
  };
  const troubling = [
    troubles?.run(life.data, stop.signal),
    hardships.shortages ? runShort(life, short, stop.signal) : null,
  ];
  await runAll(plan, collector, { life, backups: tempFolder(scope, "backups") });
  stop.abort();
  const trends = measure.stop();
  const [, shortages] = await Promise.all(troubling);
  ledger.counts.shortages = shortages ?? 0;
  ledger.counts.kills = life.kills;
  if (troubles !== null) await endTroubles(troubles, { ledger, data: life.data });
  await settle(collector);
  await client.ask("GET", "/metrics");
  await life.stop();
  // Each request that a kill cut may have been between its bytes and its row.
  const strays = ledger.counts.cutRequests + strayRequests * ledger.counts.shortages;
  const found = await differences(
    ...([life.data, ledger.live, ledger.objects, ask] as const),
    bytes && ((_, asked) => bytes.compare(asked)),
  );
  return {
    ...{ ledger, trends },
    differences: found.filter((it) => !isStray(it, strays)),
    fsck: await fsckComplaint(life.data, engines?.env),
  };
}

/** Bytes without a row: a kill between the two, or a descriptor that is missing then, leaves some, which a collection takes an hour later. */
function isStray(difference: string, most: number): boolean {
  const [, surplus] =
    /^(?:stored files|objects of the bucket): (\d+) too many/.exec(difference) ?? [];
  const [, files, digests] = /^(\d+) files, (\d+) digests$/.exec(difference) ?? [];
  const strays = Number(surplus ?? Number(files) - Number(digests));
  return strays > 0 && strays <= most;
}

async function runAll(
  plan: RacePlan,
  collector: CollectorDeps,
  { life, backups: folder }: { readonly life: Life; readonly backups: string },
): Promise<void> {
  const { client, ledger, env, pauseMs } = collector;
  const { seed, restMs, hardships = calm, atLeastOnce = [] } = plan;
  const begun = performance.now();
  const isOver = (): boolean => {
    const rounds = (performance.now() - begun) / (1000 * plan.seconds);
    const hasMet = atLeastOnce.every((what) => ledger.counts[what] > 0);
    return ledger.broken >= 20 || rounds > (hasMet ? 1 : 4);
  };
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
  const pushes = pushers.map((pusher) => pusher.run(isOver));
  const reads = readUntil(shared, isOver);
  const kills = life.killUntil(
    randomNumbers(`${seed}/kills`),
    () => isOver() || performance.now() > begun + hardships.killSeconds * 1000,
  );
  const staleMs = plan.engines?.bytes === undefined ? 0 : replicaStaleMs;
  const administrators = { ...shared, client: client.as(administrator), staleMs };
  const random = randomNumbers(`${seed}/accounts`);
  const accounts = hardships.accounts ? [accountsUntil({ ...administrators, random }, isOver)] : [];
  const backing = {
    ...{ ledger, data: life.data, folder, env, pauseMs },
    random: randomNumbers(`${seed}/backups`),
  };
  const backups = hardships.backups ? backUpUntil(backing, isOver) : null;
  const collections = collectUntil(collector, isOver);
  const others = [...accounts, backups, collections];
  await Promise.all([...pushes, ...stores, ...pulls, reads, kills, ...others]);
}

/** The clock is set for the last time; then the doubt passes. */
async function endTroubles(
  { setClock, met }: Troubles,
  { ledger, data }: { readonly ledger: Ledger; readonly data: string },
): Promise<void> {
  const { counts } = ledger;
  setClock(afterAll);
  // Nobody has to abort them: they expire meanwhile.
  ledger.openUploads.clear();
  counts.clockSteps = met.clock;
  counts.locks = met.lock;
  // A server looks at the clock once a second.
  await Bun.sleep(idleMs + 4_000);
  const database = new Database(join(data, "breadbox.db"));
  database.run("PRAGMA busy_timeout = 10000");
  database.run(endLeases);
  database.close();
}

/** Everybody has stopped: two collections at the same time, then, after the last lease, one that takes all it may. */
async function settle(collector: CollectorDeps): Promise<void> {
  const { client, ledger } = collector;
  await abortAll({ client, ledger });
  await collectAtOnce(collector);
  // Leases run out by the server's own clock.
  await Bun.sleep(1.1 * leaseMs + 200);
  const { state, reason } = await collectByCommand(collector, 0);
  if (state !== "done") ledger.note("others", `the last collection is ${state}: ${reason}`);
  for (const image of ledger.live) await pullImage({ client, ledger }, image);
  for (const object of ledger.objects) await readObject({ client, ledger }, object);
}

/** Uploads of a page: a client keeps only the beginning of a long answer. */
const abortedAtOnce = 5;

/** Those too whose initiation had no answer. */
async function abortAll(deps: ObjectDeps): Promise<void> {
  for (const bucket of new Set([...deps.ledger.objects].map((object) => object.bucket))) {
    const path = `/v1/buckets/${bucket}/multipart-uploads`;
    for (;;) {
      const { text } = await deps.client.ask("GET", `${path}?limit=${abortedAtOnce}`);
      const ids = Array.from(text.matchAll(/"upload_id":"([^"]+)"/g), ([, id]) => id);
      if (ids.length === 0) break;
      for (const id of ids) await abort(deps, `${path}/${id}`);
    }
  }
}

/** The figures of a race in one line. */
export function figuresOf({ events, lost, falseUnknowns, serverErrors, others, counts }: Ledger) {
  return { events, lost, falseUnknowns, serverErrors, others, ...counts };
}
