// A bounded share of test/hostile/floods/run.ts.
import { expect } from "bun:test";
import { clientTest } from "../support/clientTest.ts";
import { flood } from "./floods/floods.ts";

clientTest(
  "slow clients, idle connections and floods of requests take little memory, and images are pushed and pulled meanwhile",
  { commands: [], timeoutMs: 240_000 },
  async () => {
    const found = await flood({ slow: 300, idle: 1_500, requests: 300, lastsMs: 6_000 });

    console.log(JSON.stringify(found));
    expect(found.problems).toEqual([]);
    expect(found.outside).toEqual([]);
    const defects = Object.keys(found.statuses).filter((it) => Number(it) >= 500 && it !== "503");
    expect(defects).toEqual([]);
    expect(found.peakAboveIdle).toBeLessThan(128);
  },
);
