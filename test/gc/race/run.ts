// `npm run test:soak`: the long form of the race, with its figures for docs/RELIABILITY.md.
import { flag, number, readOptions, seed as seedOption } from "../../../.dev/options.ts";
import { Scope } from "../../support/scope.ts";
import { openRows } from "./postgresRows.ts";
import { figuresOf, race } from "./race.ts";
import { openReplicas } from "./replicaEngines.ts";

const { values } = readOptions({
  name: "npm run test:soak",
  about:
    "Pushes, pulls and deletes while garbage is collected without a pause, with kills, accounts, backups, clock steps, locks and shortages. Ends with 1 when anything broke.",
  options: {
    minutes: number("N", 65, "how long"),
    pushers: number("N", 10, "clients that push"),
    seed: seedOption,
    rest: number("MS", 60, "longest rest of a client between two things"),
    pause: number("MS", 0, "rest after each collection and each backup"),
    kills: number(
      "MINUTES",
      null,
      "kills processes for so many minutes from the beginning; a quarter of the time by default",
    ),
    calm: flag("nobody sets the clock or locks the database"),
    unharmed: flag("no kills, accounts, shortages of descriptors or backups"),
    postgres: flag("rows in PostgreSQL, which nobody locks for seconds"),
    replicas: flag("two replicas behind haproxy, over PostgreSQL and versitygw"),
  },
});

const { seed } = values;
const seconds = values.minutes * 60;
console.log(`BREADBOX_TEST_SEED=${seed}`);
const started = performance.now();
const minutes = (): string => ((performance.now() - started) / 60_000).toFixed(1);
await using scope = new Scope();
const { ledger, differences, fsck, trends } = await race({
  ...(values.postgres ? { engines: await openRows(scope) } : {}),
  ...(values.replicas ? { engines: await openReplicas(scope) } : {}),
  seed,
  seconds,
  pushers: values.pushers,
  restMs: values.rest,
  pauseMs: values.pause,
  isTroubled: !values.calm && !values.postgres && !values.replicas,
  // The processes that live on after the kills are measured.
  ...(!values.unharmed && {
    hardships: {
      ...{
        killSeconds: values.kills === null ? seconds / 4 : values.kills * 60,
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
