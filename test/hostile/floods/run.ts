// `npm run test:hostile:floods`: 2,000 slow clients, 10,000 idle connections, 5,000 requests of each kind.
import { readOptions } from "../../../.dev/options.ts";
import { flood } from "./floods.ts";

readOptions({
  name: "npm run test:hostile:floods",
  about:
    "2,000 slow clients, 10,000 idle connections, and 5,000 requests of each kind, for about six minutes. Ends with 1 when anything was found.",
  options: {},
});

const found = await flood({ slow: 2_000, idle: 10_000, requests: 5_000, lastsMs: 60_000 });
console.log(JSON.stringify(found, null, 2));
const defects = Object.keys(found.statuses).filter((it) => Number(it) >= 500 && it !== "503");
const isRight =
  [...found.problems, ...found.outside, ...defects].length === 0 && found.peakAboveIdle < 128;
console.log(isRight ? "nothing found" : "FOUND SOMETHING");
process.exitCode = isRight ? 0 : 1;
