// What the bench measures of pages: the server's time for each in a large store, its size, and what open pages cost those who pull.
import type { Figure } from "./goals.ts";
import { type Exercise, type Metric, median, type Values } from "./metric.ts";
import { seedRepositories, seedTags } from "./seed.ts";
import { getManifests } from "./wrk.ts";

const name = "bench/manifest";
const tags = "bench/tags";
const headers = { accept: "text/html" };

/** Figure → path. Those of `bench/tags` are about 100,000 tags. */
const paths = {
  pageHome: "/",
  pageRepositories: "/repositories?sort=size",
  pageTags: `/repositories/${tags}`,
  pageTagsLate: `/repositories/${tags}?after=t0099000`,
  pageTagsSorted: `/repositories/${tags}?sort=pushed`,
  pageTagsFound: `/repositories/${tags}?search=999`,
  pageImage: `/repositories/${name}/-/images/latest`,
  pagePlan: `/repositories/${name}/-/deletion`,
};

const pages: Metric = {
  systems: ["breadbox"],
  rounds: 2,
  seed: async (data, quick) => {
    await seedRepositories(data, quick ? 1_000 : 10_000);
    await seedTags(data, { [tags]: 100_000 });
  },
  run: async ({ client, system, quick }: Exercise) => {
    await client.perform({ kind: "image", port: system.port, name });
    const values: Values = {};
    let largest = 0;
    for (const [figure, path] of Object.entries(paths)) {
      const times: number[] = [];
      // The first one loads the page and counts what its sums are made of.
      for (let at = 0; at < (quick ? 5 : 25); at += 1) {
        const { ms, bytes } = await openPage(system.port, path);
        if (at > 0) times.push(ms);
        largest = Math.max(largest, bytes);
      }
      values[figure] = median(times);
    }
    return { ...values, pageLargest: largest / 1000 };
  },
};

async function openPage(port: number, path: string) {
  const asked = performance.now();
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
  const { byteLength: bytes } = await answer.arrayBuffer();
  const ms = performance.now() - asked;
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return { ms, bytes };
}

/** Streams that pages listen to. */
const listeners = 10;

/** Turns of both kinds alternate, and the best of each counts: it is the one that other work disturbed least. */
const livePages: Metric = {
  systems: ["breadbox"],
  rounds: 2,
  run: async ({ client, system, quick }: Exercise) => {
    const { port } = system;
    await client.perform({ kind: "image", port, name });
    const load = { seconds: 1, connections: 16 };
    const best = { pageGetAlone: 0, pageGetLive: 0 };
    for (let turn = 0; turn < (quick ? 2 : 12); turn += 1) {
      const kinds = ["pageGetAlone", "pageGetLive"] as const;
      for (const kind of turn % 2 === 0 ? kinds : kinds.toReversed()) {
        const close = kind === "pageGetLive" ? await listen(port) : () => {};
        const { perSecond } = await getManifests(port, name, load);
        best[kind] = Math.max(best[kind], perSecond);
        close();
      }
    }
    return best;
  },
};

/** Listens as open pages do. @returns what ends it. */
async function listen(port: number): Promise<() => void> {
  const ending = new AbortController();
  const url = `http://127.0.0.1:${port}/v1/events?topics=uploads,gc`;
  for (let at = 0; at < listeners; at += 1) {
    const { ok, status, body } = await fetch(url, {
      headers: { accept: "text/event-stream" },
      signal: ending.signal,
    });
    if (!ok || body === null) throw new Error(`no events: ${status}`);
    void body.pipeTo(new WritableStream()).catch(() => {});
  }
  return () => ending.abort();
}

/** Its metrics. */
export const pageMetrics = { pages, livePages };

const time = { unit: "ms", decimals: 1 };
const goal = { relation: "≤", value: 100 } as const;
const requests = { unit: "req/s", decimals: 0 };

/** The rows of its table. */
export const pageFigures: Readonly<Record<string, Figure>> = {
  pageHome: { label: "first page, 10,000 repositories", ...time, goal },
  pageRepositories: { label: "repositories by size", ...time, goal },
  pageTags: { label: "repository with 100,000 tags", ...time, goal },
  pageTagsLate: { label: "its last pages", ...time, goal },
  pageTagsSorted: { label: "its tags by the last push", ...time, goal },
  pageTagsFound: { label: "a search in its tags", ...time, goal },
  pageImage: { label: "page of a tag", ...time, goal },
  pagePlan: { label: "plan of a deletion", ...time, goal },
  pageLargest: {
    label: "largest of these pages",
    ...{ unit: "KB", decimals: 1 },
    goal: { relation: "≤", value: 50 },
  },
  pageGetAlone: { label: "manifest GET, 16 connections", ...requests },
  pageGetLive: {
    label: "the same while ten pages listen",
    ...requests,
    goal: { relation: "≥", value: 0.97, of: { figure: "pageGetAlone" } },
  },
};
