// What the bench measures of Breadbox with its rows in PostgreSQL: manifests under load, with and without a login.
import { bearerOf } from "./accessMetrics.ts";
import { assertOrphans, collect } from "./collectionMetrics.ts";
import { timeCommand } from "./command.ts";
import { headRequests } from "./heads.ts";
import type { Exercise, Metric } from "./metric.ts";
import { basic, password } from "./seedAccess.ts";
import { type PostgresGarbage, seedPostgresGarbage } from "./seedPostgres.ts";
import { getAs, getManifests, manifestType, putManifests } from "./wrk.ts";

const systems = ["breadbox", "postgres", "distribution"] as const;
const connections = 32;
const name = "bench/manifest";
const load = ({ quick }: Exercise) => ({ seconds: quick ? 1 : 3, connections });

const pushImages = async ({ client, system }: Exercise, names: readonly string[]) => {
  for (const name of names) await client.perform({ kind: "image", port: system.port, name });
};

const replicaGet: Metric = {
  systems,
  rounds: 5,
  run: async (exercise) => {
    await pushImages(exercise, [name]);
    const { perSecond, p99Ms } = await getManifests(exercise.system.port, name, load(exercise));
    return { replicaGet: perSecond, replicaGetP99: p99Ms };
  },
};

const replicaHead: Metric = {
  systems,
  rounds: 5,
  run: async (exercise) => {
    await pushImages(exercise, [name]);
    const { port } = exercise.system;
    const ask = { port, path: `/v2/${name}/manifests/latest`, accept: manifestType };
    const { perSecond, p99Ms } = await headRequests(ask, connections, load(exercise).seconds);
    return { replicaHead: perSecond, replicaHeadP99: p99Ms };
  },
};

const puts = (figure: string, names: readonly string[]): Metric => ({
  systems,
  rounds: 5,
  run: async (exercise) => {
    await pushImages(exercise, names);
    const { perSecond, p99Ms } = await putManifests(exercise.system.port, names, load(exercise));
    return { [figure]: perSecond, [`${figure}P99`]: p99Ms };
  },
});

const logins: Metric = {
  systems: ["breadbox", "postgres"],
  rounds: 5,
  run: async (exercise) => {
    const { system } = exercise;
    await pushImages(exercise, [name]);
    await timeCommand(system, ["user", "add", "u0", "--password-stdin"], { input: password });
    await timeCommand(system, ["access", "allow", "u0", "bench/**", "pull"]);
    // Until the server knows that it is closed.
    await Bun.sleep(1_000);
    const ask = { port: system.port, path: `/v2/${name}/manifests/latest`, ...load(exercise) };
    const bearer = await bearerOf(system.port, "u0");
    return {
      replicaBearer: (await getAs({ ...ask, as: [bearer] })).perSecond,
      replicaBasic: (await getAs({ ...ask, as: [basic("u0")] })).perSecond,
    };
  },
};

const garbage = (quick: boolean): PostgresGarbage =>
  quick ? { blobs: 5_000, orphans: 500 } : { blobs: 1_000_000, orphans: 1_000 };

const replicaGc: Metric = {
  systems: ["postgres"],
  rounds: 1,
  run: async ({ system, quick }) => {
    await seedPostgresGarbage(
      system.env["BREADBOX_DATABASE_URL"] ?? "",
      system.data,
      garbage(quick),
    );
    const dry = await collect(system, "--dry-run");
    assertOrphans(dry, garbage(quick));
    const collected = await collect(system);
    assertOrphans(collected, garbage(quick));
    return { replicaGcDryRun: dry.seconds, replicaGc: collected.seconds };
  },
};

/** Metrics of Breadbox on PostgreSQL by the name that `--only` takes. */
export const replicaMetrics = {
  replicaGet,
  replicaHead,
  replicaPut: puts("replicaPut", [name]),
  replicaPutMany: puts(
    "replicaPutMany",
    Array.from({ length: connections }, (_, at) => `bench/team${at}`),
  ),
  replicaLogins: logins,
  replicaGc,
};
