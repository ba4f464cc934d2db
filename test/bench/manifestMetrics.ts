// What the bench measures of manifests and of lists: rates under load, and whether they stay what they are as a registry grows.
import { headRequests } from "./heads.ts";
import { type Exercise, type Metric, registries, type Values } from "./metric.ts";
import { seedReferrers, seedRepositories, seedTags, subjectOf } from "./seed.ts";
import { getManifests, getPages, manifestType, putManifests } from "./wrk.ts";

const name = "bench/manifest";
const secondsOf = ({ quick }: Exercise): number => (quick ? 1 : 3);

const pushImage = ({ client, system }: Exercise) =>
  client.perform({ kind: "image", port: system.port, name });

const manifestGet: Metric = {
  systems: registries,
  rounds: 5,
  run: async (exercise) => {
    await pushImage(exercise);
    const load = { seconds: secondsOf(exercise), connections: 16 };
    const { perSecond, p99Ms } = await getManifests(exercise.system.port, name, load);
    return { manifestGet: perSecond, manifestGetP99: p99Ms };
  },
};

const manifestHead: Metric = {
  systems: registries,
  rounds: 5,
  run: async (exercise) => {
    await pushImage(exercise);
    const { port } = exercise.system;
    const ask = { port, path: `/v2/${name}/manifests/latest`, accept: manifestType };
    const { perSecond, p99Ms } = await headRequests(ask, 16, secondsOf(exercise));
    return { manifestHead: perSecond, manifestHeadP99: p99Ms };
  },
};

const put = async (exercise: Exercise) => {
  await pushImage(exercise);
  const load = { seconds: secondsOf(exercise), connections: 8 };
  return putManifests(exercise.system.port, [name], load);
};

const manifestPut: Metric = {
  systems: registries,
  rounds: 5,
  run: async (exercise) => {
    const { perSecond, p99Ms } = await put(exercise);
    return { manifestPut: perSecond, manifestPutP99: p99Ms };
  },
};

const manifestPutFull: Metric = {
  systems: ["breadbox"],
  rounds: 5,
  seed: (data) => seedTags(data, { [name]: 100_000 }),
  run: async (exercise) => {
    const { perSecond, p99Ms } = await put(exercise);
    return { manifestPutFull: perSecond, manifestPutFullP99: p99Ms };
  },
};

const many = (quick: boolean): number => (quick ? 5_000 : 1_000_000);
const few = 100;
const pageSize = 100;

/** Milliseconds of each kind of page; in turns, so that what disturbs one disturbs the others. */
async function timePages(
  exercise: Exercise,
  pages: Readonly<Record<string, readonly string[]>>,
): Promise<Values> {
  const times: Record<string, number[]> = {};
  for (let turn = 0; turn < (exercise.quick ? 1 : 5); turn += 1) {
    for (const [figure, paths] of Object.entries(pages)) {
      const { perSecond } = await getPages({ port: exercise.system.port, paths, seconds: 1 });
      times[figure] = [...(times[figure] ?? []), 1000 / perSecond];
    }
  }
  return Object.fromEntries(
    Object.entries(times).map(([figure, turns]) => [figure, Math.min(...turns)]),
  );
}

/** Some hundred places all over the list. */
const deep = (count: number): number[] =>
  Array.from({ length: 200 }, (_, n) => Math.floor(((n + 0.5) * (count - pageSize)) / 200));

const numbered = (prefix: string, n: number): string => `${prefix}${String(n).padStart(7, "0")}`;

const tags: Metric = {
  systems: ["breadbox"],
  rounds: 3,
  seed: (data, quick) => seedTags(data, { "bench/few": few, "bench/many": many(quick) }),
  run: (exercise) => {
    const first = (repository: string) => `/v2/${repository}/tags/list?n=${pageSize}`;
    return timePages(exercise, {
      tagsFew: [first("bench/few")],
      tagsFirst: [first("bench/many")],
      tagsDeep: deep(many(exercise.quick)).map(
        (n) => `${first("bench/many")}&last=${numbered("t", n)}`,
      ),
    });
  },
};

const catalogPage = `/v2/_catalog?n=${pageSize}`;

const catalogFew: Metric = {
  systems: ["breadbox"],
  rounds: 3,
  seed: (data) => seedRepositories(data, few),
  run: (exercise) => timePages(exercise, { catalogFew: [catalogPage] }),
};

const catalog: Metric = {
  systems: ["breadbox"],
  rounds: 3,
  seed: (data, quick) => seedRepositories(data, many(quick) / 10),
  run: (exercise) => {
    const places = deep(many(exercise.quick) / 10);
    return timePages(exercise, {
      catalogFirst: [catalogPage],
      catalogDeep: places.map(
        (n) => `${catalogPage}&last=${encodeURIComponent(numbered("bench/r", n))}`,
      ),
    });
  },
};

const referrers: Metric = {
  systems: ["breadbox"],
  rounds: 3,
  seed: (data, quick) => seedReferrers(data, "bench/referrers", { few, many: many(quick) }),
  run: (exercise) => {
    const first = (subject: string) =>
      `/v2/bench/referrers/referrers/${subjectOf(subject)}?n=${pageSize}`;
    const lasts = Array.from({ length: 200 }, (_, n) => n.toString(16).padStart(2, "0"));
    return timePages(exercise, {
      referrersFew: [first("few")],
      referrersFirst: [first("many")],
      referrersDeep: lasts.map(
        (prefix) => `${first("many")}&last=sha256:${prefix.padEnd(64, "0")}`,
      ),
    });
  },
};

/** Metrics of manifests and lists by the name that `--only` takes. */
export const manifestMetrics = {
  manifestGet,
  manifestHead,
  manifestPut,
  manifestPutFull,
  tags,
  catalogFew,
  catalog,
  referrers,
};
