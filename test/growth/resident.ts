// `npm run bench:memory`: what each kind of request leaves in the memory of the executable. After each round its
// main thread collects its garbage and its idle workers end; what is left belongs to the process alone.

import { number, readOptions, text } from "../../.dev/options.ts";
import { breadboxBinary } from "../support/binary.ts";
import { Scope } from "../support/scope.ts";
import { type Kind, residentKinds } from "./kinds.ts";
import { type GrowingServer, startGrowing } from "./server.ts";

const { values } = readOptions({
  name: "npm run bench:memory",
  about:
    "Repeats each kind of request on a server of its own, and says what it leaves in memory after each round.",
  options: {
    seconds: number("N", 10, "of a round: a first one, and three that count"),
    only: text("PART", "", "kinds of requests whose name has this in it"),
  },
});
const [rounds, lanes] = [3, 8];
/** A worker without work ends after three seconds, and the allocator gives back what is free. */
const [looks, everyMs] = [12, 500];
const mebibyte = 2 ** 20;

/** @returns how often. */
async function work(server: GrowingServer, kind: Kind, from: number): Promise<number> {
  const end = performance.now() + values.seconds * 1_000;
  let next = from;
  const lane = async (): Promise<void> => {
    while (performance.now() < end) {
      next += 1;
      await kind.act(server.send, next);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return next - from;
}

/** The lowest of some looks: MiB. */
async function remaining(server: GrowingServer): Promise<number> {
  let lowest = Number.POSITIVE_INFINITY;
  for (let look = 0; look < looks; look += 1) {
    await Bun.sleep(everyMs);
    if (look % 4 === 0) await server.look();
    lowest = Math.min(lowest, server.ownBytes() / mebibyte);
  }
  return lowest;
}

const executable = await breadboxBinary();
console.log("| over and over | times | MiB left after each round | MiB for a million |");
console.log("| --- | ---: | ---: | ---: |");
for (const [name, kind] of Object.entries(residentKinds)) {
  if (!name.includes(values.only)) continue;
  await using scope = new Scope();
  const server = await startGrowing(scope, executable);
  await kind.prepare?.(server.send);
  let done = await work(server, kind, 0);
  const before = done;
  const left = [await remaining(server)];
  for (let round = 0; round < rounds; round += 1) {
    done += await work(server, kind, done);
    left.push(await remaining(server));
  }
  const grown = (left.at(-1) ?? 0) - (left[0] ?? 0);
  const million = (grown / (done - before)) * 1e6;
  const shown = left.map((each) => each.toFixed(1)).join(", ");
  console.log(`| ${name} | ${done.toLocaleString("en")} | ${shown} | ${million.toFixed(0)} |`);
}
process.exit(0);
