// The race over two replicas: a bounded share of `test/gc/race/run.ts --replicas`.
import { expect } from "bun:test";
import { clientTest } from "../support/clientTest.ts";
import { versitygw } from "../support/goPrograms.ts";
import { goToolNeeds } from "../support/goTools.ts";
import { postgresIsMissing } from "../support/postgres.ts";
import { amountOf } from "../support/share.ts";
import { figuresOf, race } from "./race/race.ts";
import { openReplicas } from "./race/replicaEngines.ts";

const seed = process.env["BREADBOX_TEST_SEED"] ?? String(Math.floor(Math.random() * 2 ** 32));
const seconds = amountOf("BREADBOX_RACE_SECONDS", { share: 25, whole: 60 });
const atLeastOnce = ["collectedBlobs", "mounts", "completedUploads"] as const;
const gateway = goToolNeeds(versitygw);
const needs = {
  commands: [...gateway.commands, "haproxy"],
  reason: () => gateway.reason() ?? postgresIsMissing(),
  timeoutMs: 600_000,
};

clientTest(
  "no content is lost over two replicas while collections run continuously and replicas are killed",
  needs,
  async (scope) => {
    console.log(`BREADBOX_TEST_SEED=${seed}`);
    const engines = await openReplicas(scope);

    const { ledger, differences, fsck } = await race({
      ...{ engines, seed, seconds, atLeastOnce },
      ...{ pushers: 6, restMs: 20, isTroubled: false },
      hardships: {
        killSeconds: Math.max(12, seconds / 3),
        accounts: true,
        shortages: false,
        backups: false,
      },
    });

    console.log(JSON.stringify(figuresOf(ledger)));
    expect(ledger.violations).toEqual([]);
    expect(differences).toEqual([]);
    expect(fsck).toBeNull();
    expect(atLeastOnce.filter((what) => ledger.counts[what] === 0)).toEqual([]);
  },
);
