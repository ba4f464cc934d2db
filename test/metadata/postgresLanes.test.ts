// Transactions of one process that follow each other.
import { expect, test } from "bun:test";
import { Lanes } from "../../src/metadata/postgres/lanes.ts";

test("what is in one lane runs in the order of the calls, one at a time, also after a failure", async () => {
  const lanes = new Lanes();
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const seen: string[] = [];
  const run = (name: string, until: Promise<void>, lane = "tags of lab/app") =>
    lanes.follow(lane, async () => {
      seen.push(`${name} begins`);
      await until;
      seen.push(`${name} ends`);
    });

  const failing = run("one", first.promise);
  const following = run("two", second.promise);
  const last = run("three", Promise.resolve());
  await run("other", Promise.resolve(), "tags of lab/other");
  expect(seen).toEqual(["one begins", "other begins", "other ends"]);

  first.reject(new Error("refused"));
  await expect(failing).rejects.toThrow("refused");
  await Bun.sleep(1);
  expect(seen.slice(3)).toEqual(["two begins"]);

  second.resolve();
  await Promise.all([following, last]);
  expect(seen.slice(4)).toEqual(["two ends", "three begins", "three ends"]);
});
