// What the bench measures of slow disks: eight pulls at once of content that must come from one, uploads to one that turns, and how the
// server feels meanwhile.
import { limitDisk } from "../support/diskLimit.ts";
import { forgetContent } from "../support/pageCache.ts";
import { run } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { type Exercise, type Metric, mebibyte, median, rate, registries } from "./metric.ts";
import { Prober, quantile } from "./prober.ts";

const pulls = 8;
/** Bytes a second. */
const slow = 100_000_000;

async function p99During(port: number, work: () => Promise<unknown>): Promise<number> {
  const prober = new Prober(port, "/v2/");
  await work();
  return quantile(await prober.stop(), 0.99);
}

const coldPulls: Metric = {
  systems: ["breadbox"],
  rounds: 3,
  run: async ({ client, system, quick }: Exercise) => {
    await using scope = new Scope();
    const { port, data } = system;
    const limit = limitDisk(scope, system.pid, data);
    const size = (quick ? 8 : 100) * mebibyte;
    const job = { kind: "upload", port, name: "bench/cold", size, times: pulls } as const;
    const { uploads } = await client.perform(job);
    const paths = uploads.map(({ digest }) => `/v2/bench/cold/blobs/${digest}`);
    const pullAll = () => client.perform({ kind: "pulls", port, paths });
    await pullAll();
    const warm = await pullAll();
    const quietP99 = await p99During(port, () => Bun.sleep(quick ? 500 : 3_000));
    await run(["sync", "-f", data]);
    await forgetContent(data);
    limit.set({ bytesRead: slow });
    const idle = system.rssBytes();
    system.resetPeakRss();
    let ms = 0;
    const coldP99 = await p99During(port, async () => {
      ms = (await pullAll()).ms;
    });
    return {
      warmPulls: rate(pulls * size, warm.ms),
      coldPulls: rate(pulls * size, ms),
      quietP99,
      coldP99,
      coldMemory: (system.peakRssBytes() - idle) / mebibyte,
    };
  },
};

/** About what a disk that turns does in a second when it must seek each time. */
const seeks = 100;

const turningDisk: Metric = {
  systems: registries,
  rounds: 3,
  run: async ({ client, system, quick }: Exercise) => {
    await using scope = new Scope();
    const { port, data } = system;
    const job = { kind: "upload", port, name: "bench/turning", size: mebibyte } as const;
    await client.perform({ ...job, times: 3 });
    limitDisk(scope, system.pid, data).set({ operations: seeks });
    let times: readonly number[] = [];
    const turningP99 = await p99During(port, async () => {
      const { uploads } = await client.perform({ ...job, times: quick ? 3 : 15 });
      times = uploads.map(({ totalMs }) => totalMs);
    });
    return { turning: median(times), turningP99 };
  },
};

/** Metrics of a slow disk by the name that `--only` takes. */
export const slowDiskMetrics = { coldPulls, turningDisk };
