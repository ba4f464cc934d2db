// `bun run test:soak [-- --minutes N] [--pushers N] [--seed S] [--rest MS] [--pause MS] [--kills MINUTES] [--calm] [--unharmed] [--postgres] [--replicas]`: the long form of the race, with its figures for docs/.
import { parseArgs } from "node:util";
import { Scope } from "../../support/scope.ts";
import { openRows } from "./postgresRows.ts";
import { figuresOf, race } from "./race.ts";
import { openReplicas } from "./replicaEngines.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "65" },
    pushers: { type: "string", default: "10" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 32)) },
    /** Longest rest of a client between two things, ms: what leaves other programs of the machine their share. */
    rest: { type: "string", default: "60" },
    /** Rest after each collection and each backup, ms. */
    pause: { type: "string", default: "0" },
    /** Nobody sets the clock or locks the database. */
    calm: { type: "boolean", default: false },
    /** Rows in a PostgreSQL server, which nobody locks for seconds. */
    postgres: { type: "boolean", default: false },
    /** For so many minutes from the beginning processes are killed; a quarter of the time by default. */
    kills: { type: "string" },
    /** No kills, no accounts, no shortages of descriptors, no backups. */
    unharmed: { type: "boolean", default: false },
    /** Two replicas behind haproxy, over PostgreSQL and versitygw. */
    replicas: { type: "boolean", default: false },
  },
});

const { seed } = values;
const seconds = Number(values.minutes) * 60;
console.log(`BREADBOX_TEST_SEED=${seed}`);
const started = performance.now();
const minutes = (): string => ((performance.now() - started) / 60_000).toFixed(1);
await using scope = new Scope();
const { ledger, differences, fsck, trends } = await race({
  ...(values.postgres ? { engines: await openRows(scope) } : {}),
  ...(values.replicas ? { engines: await openReplicas(scope) } : {}),
  seed,
  seconds,
  pushers: Number(values.pushers),
  restMs: Number(values.rest),
  pauseMs: Number(values.pause),
  isTroubled: !values.calm && !values.postgres && !values.replicas,
  // The processes that live on after the kills are measured.
  ...(!values.unharmed && {
    hardships: {
      ...{
        killSeconds: values.kills === undefined ? seconds / 4 : Number(values.kills) * 60,
        accounts: true,
        shortages: !values.replicas,
      },
      backups: !values.postgres && !values.replicas,
    },
  }),
  onProgress: (at, memory) => {
    const { rss } = memory ?? {};
    console.log(`${minutes()} min ${JSON.stringify({ ...figuresOf(at), rss })}`);
    for (const violation of at.violations.splice(0)) console.log(violation);
  },
});
for (const violation of ledger.violations) console.log(violation);
for (const difference of differences) console.log(`left behind: ${difference}`);
if (fsck !== null) console.log(`fsck: ${fsck}`);
console.log(JSON.stringify({ seed, minutes: minutes(), ...figuresOf(ledger), trends }, null, 2));
const isRight = ledger.broken === 0 && differences.length === 0 && fsck === null;
console.log(isRight ? "nothing broken" : "BROKEN");
process.exitCode = isRight ? 0 : 1;
