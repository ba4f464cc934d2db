// A bounded share of test/crash/uploadKills.ts.
import { expect, test } from "bun:test";
import { amountOf, isLong } from "../support/share.ts";
import { killUploads } from "./uploadKills.ts";

const seed = process.env["BREADBOX_TEST_SEED"] ?? String(Math.floor(Math.random() * 2 ** 32));
const kills = amountOf("BREADBOX_CRASH_KILLS", { share: 40, whole: 300 });

test("every acknowledged offset and finished blob is there after kill -9 during chunked uploads", async () => {
  console.log(`BREADBOX_TEST_SEED=${seed}`);

  const figures = await killUploads({ seed, kills, withinMs: isLong ? 300_000 : 20_000 });

  expect(figures.damaged).toEqual([]);
  expect(figures.blobs).toBeGreaterThan(0);
  // A run that cut no chunk short proves nothing.
  expect(figures.chunk).toBeGreaterThan(0);
  expect(figures.lock).toBeGreaterThan(0);
}, 400_000);
