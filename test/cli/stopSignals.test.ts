import { describe, expect, test } from "bun:test";
import { StopSignals } from "../../src/cli/stopSignals.ts";

/** Receives `signals`, each at its time in ms. @returns the first and the second request to stop; null: none yet. */
async function received(...signals: ["SIGINT" | "SIGTERM", number][]) {
  let now = 0;
  const stop = new StopSignals(() => now);
  for (const [signal, at] of signals) {
    now = at;
    stop.receive(signal);
  }
  const none = Promise.resolve(null);
  return [await Promise.race([stop.first, none]), await Promise.race([stop.second, none])];
}

describe("StopSignals", () => {
  test("one signal asks to stop, and not to stop at once", async () => {
    expect(await received()).toEqual([null, null]);
    expect(await received(["SIGTERM", 1000])).toEqual(["SIGTERM", null]);
  });

  test("two signals at once, from a shell and npm, count as one", async () => {
    expect(await received(["SIGINT", 1000], ["SIGINT", 1002], ["SIGTERM", 1003])).toEqual([
      "SIGINT",
      null,
    ]);
  });

  test("a later signal asks to stop at once", async () => {
    expect(await received(["SIGINT", 1000], ["SIGINT", 1001], ["SIGTERM", 1400])).toEqual([
      "SIGINT",
      "SIGTERM",
    ]);
  });
});
