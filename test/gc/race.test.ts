// A bounded share of test/gc/race/run.ts.
import { expect, test } from "bun:test";
import { amountOf } from "../support/share.ts";
import { figuresOf, race } from "./race/race.ts";

const seed = process.env["BREADBOX_TEST_SEED"] ?? String(Math.floor(Math.random() * 2 ** 32));
const atLeastOnce = [
  ...(["collectedBlobs", "dedupedHeads", "mounts", "bucketMounts", "linkedObjects"] as const),
  ...(["completedUploads", "deletedObjects", "accounts", "restores"] as const),
];
const seconds = amountOf("BREADBOX_RACE_SECONDS", { share: 25, whole: 60 });

test("no content pushed, stored, linked, mounted or checked is lost while collections run continuously and the server is killed", async () => {
  console.log(`BREADBOX_TEST_SEED=${seed}`);

  const { ledger, differences, fsck } = await race({
    ...{ seed, seconds, atLeastOnce },
    pushers: 10,
    restMs: 20,
    isTroubled: false,
    // Nothing is measured: a process needs ten minutes to settle. The first kill comes within ten seconds.
    hardships: {
      killSeconds: Math.max(12, seconds / 3),
      accounts: true,
      shortages: true,
      backups: true,
    },
  });

  console.log(JSON.stringify(figuresOf(ledger)));
  expect(ledger.violations).toEqual([]);
  expect(differences).toEqual([]);
  expect(fsck).toBeNull();
  // A race in which nothing was collected, and nothing was used that could have been, proves nothing.
  expect(atLeastOnce.filter((what) => ledger.counts[what] === 0)).toEqual([]);
  expect(ledger.counts.kills).toBeGreaterThan(0);
}, 300_000);
