// A bounded share of test/gc/race/run.ts.
import { expect, test } from "bun:test";
import { amountOf } from "../support/share.ts";
import { figuresOf, race } from "./race/race.ts";

const seed = process.env["BREADBOX_TEST_SEED"] ?? String(Math.floor(Math.random() * 2 ** 32));
const seconds = amountOf("BREADBOX_RACE_SECONDS", { share: 25, whole: 60 });

test("no content pushed, stored, linked, mounted or checked is lost while collections run continuously and the server is killed", async () => {
  console.log(`BREADBOX_TEST_SEED=${seed}`);

  const { ledger, differences, fsck } = await race({
    seed,
    seconds,
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
  expect(ledger.counts.collectedBlobs).toBeGreaterThan(0);
  expect(ledger.counts.dedupedHeads).toBeGreaterThan(0);
  expect(ledger.counts.mounts).toBeGreaterThan(0);
  expect(ledger.counts.bucketMounts).toBeGreaterThan(0);
  expect(ledger.counts.linkedObjects).toBeGreaterThan(0);
  expect(ledger.counts.completedUploads).toBeGreaterThan(0);
  expect(ledger.counts.deletedObjects).toBeGreaterThan(0);
  expect(ledger.counts.kills).toBeGreaterThan(0);
  expect(ledger.counts.accounts).toBeGreaterThan(0);
  expect(ledger.counts.restores).toBeGreaterThan(0);
}, 300_000);
