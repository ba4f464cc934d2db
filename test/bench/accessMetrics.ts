// What the bench measures of logins: what they cost a request, whoever and however many there are, and what failed ones cost the others.
import { join } from "node:path";
import { startBreadbox } from "../support/binary.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { BadLogins } from "./badLogins.ts";
import type { Exercise, Metric, Values } from "./metric.ts";
import { Prober, quantile } from "./prober.ts";
import { seedRepositories, seedTags } from "./seed.ts";
import { basic, type Line, seedPeople, seedUsers } from "./seedAccess.ts";
import { getAs } from "./wrk.ts";

const name = "bench/manifest";
const path = `/v2/${name}/manifests/t0000000`;
const rules = 10;
const few = 10;
const many = (quick: boolean): number => (quick ? 1_000 : 10_000);
/** Of many users so many ask in turns. */
const asking = 1_000;

const seedManifest = (data: string): Promise<void> => seedTags(data, { [name]: 1 });

/** A server with so many users, and the credentials of some of them. */
async function openWithUsers(scope: Scope, users: number) {
  const data = join(tempFolder(scope, "users"), "data");
  await seedManifest(data);
  await seedUsers(data, { users, rules });
  const { port, cpuSeconds } = await startBreadbox(scope, { data });
  const names = Array.from({ length: Math.min(users, asking) }, (_, at) => {
    return `u${Math.floor((at * users) / Math.min(users, asking))}`;
  });
  const bearers: string[] = [];
  for (const user of names) bearers.push(await bearerOf(port, user));
  return { port, cpuSeconds, basics: names.map(basic), bearers };
}

/** Value of `Authorization` with a bearer token of a user for one repository. */
export async function bearerOf(port: number, user: string): Promise<string> {
  const url = `http://127.0.0.1:${port}/v2/token?scope=repository:${name}:pull`;
  const answer = await fetch(url, { headers: { authorization: basic(user) } });
  if (!answer.ok) throw new Error(`no token for ${user}: ${answer.status} ${await answer.text()}`);
  return `Bearer ${Object(await answer.json())["token"]}`;
}

interface Side {
  readonly port: number;
  /** Sent in turns; none without a login. */
  readonly as: readonly string[];
  cpuSeconds(): number;
}

/**
 * The best of many short turns, in which the kinds alternate: what disturbs one disturbs the others, and the best turn of each is the one that was
 * disturbed least.
 */
async function takeTurns(sides: Readonly<Record<string, Side>>, quick: boolean): Promise<Values> {
  const best: Record<string, number> = {};
  for (let turn = 0; turn < (quick ? 2 : 12); turn += 1) {
    const names = Object.entries(sides);
    for (const [figure, { port, as, cpuSeconds }] of turn % 2 === 0 ? names : names.toReversed()) {
      const before = cpuSeconds();
      const { perSecond, requests } = await getAs({ port, path, as, seconds: 1 });
      const cost = ((cpuSeconds() - before) / requests) * 1e6;
      best[figure] = Math.max(best[figure] ?? 0, perSecond);
      best[`${figure}Cpu`] = Math.min(best[`${figure}Cpu`] ?? Number.POSITIVE_INFINITY, cost);
    }
  }
  return best;
}

const accessGet: Metric = {
  systems: ["breadbox"],
  rounds: 2,
  seed: seedManifest,
  run: async ({ system, quick }: Exercise) => {
    await using scope = new Scope();
    const some = await openWithUsers(scope, few);
    const crowd = await openWithUsers(scope, many(quick));
    return await takeTurns(
      {
        accessOpen: { ...system, as: [] },
        accessBearer: { ...some, as: some.bearers },
        accessBasic: { ...some, as: some.basics },
        accessBearerMany: { ...crowd, as: crowd.bearers },
        accessBasicMany: { ...crowd, as: crowd.basics },
      },
      quick,
    );
  },
};

/** From how many addresses wrong logins come. */
const guessers = { loginsQuiet: 0, loginsOne: 1, loginsMany: 500 };
const perSecond = 500;
const seconds = 4;

/** p99 of good requests while others guess, ms. */
async function p99Beside(port: number, bearer: string, addresses: number): Promise<number> {
  const bad = addresses === 0 ? null : new BadLogins({ port, perSecond, addresses });
  // Until all of them are connected, and the first ones answered.
  await Bun.sleep(1_000);
  bad?.take();
  const prober = new Prober(port, path, { authorization: bearer });
  await Bun.sleep(seconds * 1_000);
  const p99 = quantile(await prober.stop(), 0.99);
  if (bad === null) return p99;
  const rate = bad.take() / seconds;
  bad.stop();
  if (rate < 0.9 * perSecond) throw new Error(`only ${rate} wrong logins a second`);
  // What waits to be compared is compared before the next turn.
  await Bun.sleep(12_000);
  return p99;
}

const badLogins: Metric = {
  systems: ["breadbox"],
  rounds: 2,
  seed: async (data) => {
    await seedManifest(data);
    await seedUsers(data, { users: few, rules });
  },
  run: async ({ system: { port }, quick }: Exercise) => {
    const bearer = await bearerOf(port, "u1");
    const times: Record<string, number[]> = {};
    for (let turn = 0; turn < (quick ? 1 : 4); turn += 1) {
      for (const [figure, addresses] of Object.entries(guessers)) {
        const p99 = await p99Beside(port, bearer, addresses);
        times[figure] = [...(times[figure] ?? []), p99];
      }
    }
    return Object.fromEntries(
      Object.entries(times).map(([figure, values]) => [figure, Math.min(...values)]),
    );
  },
};

const page = "/v2/_catalog?n=100";
const repositories = (quick: boolean): number => (quick ? 20_000 : 100_000);

/** Callers by figure, with what they may see of the repositories `bench/r0000000` and so on. */
const people = (quick: boolean): Readonly<Record<string, readonly Line[]>> => ({
  seenAll: [["allow", "**"]],
  seenFew: Array.from({ length: 200 }, (_, at) => [
    "allow",
    `bench/r${String(Math.floor((at * repositories(quick)) / 200)).padStart(7, "0")}`,
  ]),
  seenNone: [
    ["allow", "**"],
    ["deny", "bench/**"],
  ],
  seenWild: [["allow", "*/r*000"]],
});

const catalogSeen: Metric = {
  systems: ["breadbox"],
  rounds: 2,
  seed: async (data, quick) => {
    await seedRepositories(data, repositories(quick));
    await seedPeople(data, people(quick));
  },
  run: async ({ system: { port }, quick }: Exercise) => {
    const times: Record<string, number[]> = {};
    for (let turn = 0; turn < (quick ? 1 : 5); turn += 1) {
      for (const figure of Object.keys(people(quick))) {
        const as = [basic(figure)];
        const { perSecond } = await getAs({ port, path: page, as, seconds: 1, connections: 1 });
        times[figure] = [...(times[figure] ?? []), 1000 / perSecond];
      }
    }
    return Object.fromEntries(
      Object.entries(times).map(([figure, turns]) => [figure, Math.min(...turns)]),
    );
  },
};

/** Metrics of logins by the name that `--only` takes. */
export const accessMetrics = { accessGet, badLogins, catalogSeen };
