// A bounded share of test/crash/uploadKills.ts.
import { expect, test } from "bun:test";
import { killUploads } from "./uploadKills.ts";

const seed = process.env["BREADBOX_TEST_SEED"] ?? String(Math.floor(Math.random() * 2 ** 32));
const kills = Number(process.env["BREADBOX_CRASH_KILLS"] ?? 80);

test("every acknowledged offset and finished blob is there after kill -9 during chunked uploads", async () => {
  console.log(`BREADBOX_TEST_SEED=${seed}`);

  const figures = await killUploads({ seed, kills, withinMs: 35_000 });

  expect(figures.damaged).toEqual([]);
  expect(figures.blobs).toBeGreaterThan(0);
  // A run that cut no chunk short proves nothing.
  expect(figures.chunk).toBeGreaterThan(0);
  expect(figures.lock).toBeGreaterThan(0);
}, 120_000);
