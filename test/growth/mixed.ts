// `npm run bench:mixed`: everything at once against the executable. Once a minute the clients rest, its main thread and its workers
// collect their garbage, and what is left is looked at. In the end: how that has moved, from the tenth minute on.
import { join } from "node:path";
import { number, readOptions, seed } from "../../.dev/options.ts";
import { breadboxBinary } from "../support/binary.ts";
import { randomNumbers } from "../support/bytes.ts";
import { tempFolder } from "../support/processes.ts";
import { cpuSeconds, rssBytes } from "../support/procfs.ts";
import { Scope } from "../support/scope.ts";
import { type Point, trendOf } from "../support/trend.ts";
import { drawKind, mixedSettings, prepareMixed } from "./mixedKinds.ts";
import { type GrowingServer, startGrowing } from "./server.ts";

const { values } = readOptions({
  name: "npm run bench:mixed",
  about:
    "Sends all kinds of requests at once, and says how memory, heap and objects have moved from the tenth minute on.",
  options: {
    minutes: number("N", 45, "how long"),
    rest: number(
      "MS",
      110,
      "longest rest of a client between two things; 110 takes a fifth of a CPU",
    ),
    seed,
  },
});
const [lanes, workMs, settlingMs, sampleMs] = [6, 55_000, 600_000, 5_000];
/** Of a rest: a worker without work ends after three seconds, and the allocator gives back what is free. */
const [looks, everyMs] = [6, 1_000];
const mebibyte = 2 ** 20;
const random = randomNumbers(values.seed);

/** What one look found; MiB. */
interface Left {
  /** Memory of the process alone. */
  readonly own: number;
  readonly heap: number;
  readonly objects: number;
  readonly workers: readonly number[];
}

/** What was done, and what failed. */
class Mix {
  done = 0;
  readonly failed = new Map<string, number>();
  readonly #server: GrowingServer;

  constructor(server: GrowingServer) {
    this.#server = server;
  }

  async work(): Promise<void> {
    const end = performance.now() + workMs;
    const lane = async (): Promise<void> => {
      while (performance.now() < end) {
        await this.#step();
        await Bun.sleep(random() * values.rest);
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  }

  async #step(): Promise<void> {
    const [name, act] = drawKind(random);
    this.done += 1;
    try {
      await act(this.#server, this.done);
    } catch (error) {
      const times = (this.failed.get(name) ?? 0) + 1;
      this.failed.set(name, times);
      if (times === 1) console.error(`${name}: ${error}`);
    }
  }
}

async function lookAt(server: GrowingServer): Promise<Left> {
  let own = Number.POSITIVE_INFINITY;
  for (let look = 0; look < looks / 2; look += 1) await Bun.sleep(everyMs);
  let heap = await server.look();
  for (let look = looks / 2; look < looks; look += 1) {
    await Bun.sleep(everyMs);
    own = Math.min(own, server.ownBytes() / mebibyte);
    heap = await server.look();
  }
  const { heapBytes, objectCount, workerBytes } = heap;
  const workers = workerBytes.map((bytes) => bytes / mebibyte);
  return { own, heap: heapBytes / mebibyte, objects: objectCount, workers };
}

await using scope = new Scope();
const backups = join(tempFolder(scope, "backups"), "target");
const server = await startGrowing(scope, await breadboxBinary(), mixedSettings(backups));
await prepareMixed(server.send);
console.log(`BREADBOX_TEST_SEED=${values.seed}`);
const started = performance.now();
const resident: Point[] = [];
const sampling = setInterval(
  () => resident.push([performance.now(), rssBytes([server.pid]) / mebibyte]),
  sampleMs,
);
const mix = new Mix(server);
const left: (readonly [at: number, left: Left])[] = [];
while (performance.now() - started < values.minutes * 60_000) {
  await mix.work();
  const found = await lookAt(server);
  left.push([performance.now(), found]);
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  const { own, heap, objects, workers } = found;
  const sizes = [own, heap, ...workers].map((size) => size.toFixed(1)).join(" ");
  const cpu = cpuSeconds([server.pid]).toFixed(0);
  const rss = resident.at(-1)?.[1].toFixed(0);
  console.log(
    `${minutes} min: ${mix.done} done; MiB left, of the heap, of workers: ${sizes}; ${objects} objects; resident ${rss} MiB; ${cpu} s of CPU`,
  );
}
clearInterval(sampling);
const settled = ([at]: readonly [number, unknown]) => at - started >= settlingMs;
const trend = (of: (left: Left) => number) =>
  left.some(settled)
    ? trendOf(left.filter(settled).map(([at, found]) => [at, of(found)] as const))
    : null;
const trends = {
  left: trend(({ own }) => own),
  heap: trend(({ heap }) => heap),
  thousandObjects: trend(({ objects }) => objects / 1_000),
  resident: resident.some(settled) ? trendOf(resident.filter(settled)) : null,
};
console.log(JSON.stringify({ done: mix.done, failed: [...mix.failed], trends }, null, 2));
process.exitCode = mix.failed.size === 0 ? 0 : 1;
