// What the bench measures of content that must come from a slow disk: eight pulls at once, and how the server feels meanwhile.
import { limitReads } from "../support/diskLimit.ts";
import { forgetContent } from "../support/pageCache.ts";
import { run } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { type Exercise, type Metric, mebibyte, rate } from "./metric.ts";
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
    const limit = limitReads(scope, system.pid, data);
    const size = (quick ? 48 : 100) * mebibyte;
    const job = { kind: "upload", port, name: "bench/cold", size, times: pulls } as const;
    const { uploads } = await client.perform(job);
    const paths = uploads.map(({ digest }) => `/v2/bench/cold/blobs/${digest}`);
    const pullAll = () => client.perform({ kind: "pulls", port, paths });
    await pullAll();
    const warm = await pullAll();
    const quietP99 = await p99During(port, () => Bun.sleep(3_000));
    await run(["sync", "-f", data]);
    await forgetContent(data);
    limit.set(slow);
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

/** Metrics of a slow disk by the name that `--only` takes. */
export const slowDiskMetrics = { coldPulls };
