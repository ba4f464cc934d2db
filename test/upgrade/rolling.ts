// Two replicas are replaced by newer ones, one after the other, while clients push and pull through a proxy: `sh .dev/bun
// test/upgrade/rolling.ts COMMIT` builds the older executable in a clone; `--old FILE` names one that is built. The newer one is this tree's.
// Not part of `npm test`: the build of an older commit takes minutes, and needs the registry of packages.

import { readOptions, text } from "../../.dev/options.ts";
import { breadboxBinary, type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { FakeS3 } from "../support/fakeS3.ts";
import { startHaproxy } from "../support/haproxy.ts";
import { buildImage, pullAll, pushImage } from "../support/images.ts";
import { startPostgres } from "../support/postgres.ts";
import { run } from "../support/processes.ts";
import { replicaEnvironment } from "../support/replicas.ts";
import { Scope } from "../support/scope.ts";
import { buildRelease } from "./release.ts";

/** How long each state lasts: two old ones, one of each, two new ones; ms. */
const phaseMs = 10_000;
const lanes = 4;
/** As dockerd: a request that is refused with 5xx, or whose connection breaks, is made again. */
const attempts = 5;

const { values, operands } = readOptions({
  name: "sh .dev/bun test/upgrade/rolling.ts",
  about:
    "Replaces two replicas of an older commit by this tree's, one after the other, while clients push and pull. Ends with 1 when anything failed.",
  options: { old: text("FILE", null, "an executable that is built, instead of a commit") },
  operands: "[COMMIT]",
});
await using scope = new Scope();
const [commit = "HEAD~50"] = operands;
const old = values.old ?? (await buildRelease(scope, commit)).binary;
const database = await startPostgres(scope);
const url = await database.createDatabase("rolling");
const bucket = new FakeS3();
scope.defer(() => bucket.stop());
const env = replicaEnvironment(url, bucket.bucket);
const binary = await breadboxBinary();
const start = (of: string, port?: number) =>
  startBreadbox(scope, { binary: of, env, ...(port !== undefined && { port }) });
const replicas = [await start(old), await start(old)];
const proxy = await startHaproxy(
  scope,
  replicas.map(({ port }) => port),
);
const counts = { pushes: 0, pulls: 0, repeated: 0, failed: 0 };
let isOver = false;

async function patiently(what: string, action: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await action();
      return;
    } catch (error) {
      if (tries < attempts) {
        counts.repeated += 1;
        await Bun.sleep(500 * tries);
        continue;
      }
      counts.failed += 1;
      console.log(`${what}: ${String(error).slice(0, 300)}`);
      return;
    }
  }
}

async function lane(number: number): Promise<void> {
  for (let at = 0; !isOver; at += 1) {
    const repository = `http://127.0.0.1:${proxy.port}/v2/lane/${number}`;
    const image = buildImage({ seed: `rolling/${number}/${at}`, layerSizes: [200_000, 3_000] });
    await patiently("push", () => pushImage(repository, `v${at}`, image));
    counts.pushes += 1;
    await patiently("pull", () => pullAll(repository, `v${at}`));
    counts.pulls += 1;
  }
}

async function phase(what: string): Promise<void> {
  const before = { ...counts };
  await Bun.sleep(phaseMs);
  console.log(`${what}: ${counts.pushes - before.pushes} pushes, ${counts.failed} failed so far`);
  if (counts.pushes === before.pushes) throw new Error(`${what}: no push ended`);
}

async function replace({ port, stop }: RunningRegistry): Promise<void> {
  const code = await stop(70_000);
  if (code !== 0) throw new Error(`a replica ended with ${code}`);
  await start(binary, port);
}

const working = Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
const [one, two] = replicas;
if (one === undefined || two === undefined) throw new Error("two replicas");
await phase("two old ones");
await replace(one);
await phase("an old one beside a new one that has changed the tables");
await replace(two);
await phase("two new ones");
isOver = true;
await working;
for (let number = 0; number < lanes; number += 1) {
  await pullAll(`http://127.0.0.1:${proxy.port}/v2/lane/${number}`, "v0");
}
const fsck = await run([binary, "fsck", "--full", "--data", one.data], { env, mayFail: true });
console.log(JSON.stringify(counts));
const isRight = counts.failed === 0 && fsck.code === 0;
console.log(isRight ? "nothing failed" : `FAILED\n${fsck.output}`);
process.exitCode = isRight ? 0 : 1;
