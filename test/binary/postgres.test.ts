// The executable with its rows in PostgreSQL and its bytes in a directory.
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { breadboxBinary, type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { buildImage, expectStatus, pullAll, pushImage } from "../support/images.ts";
import { postgresIsMissing, startPostgres } from "../support/postgres.ts";
import { run, tempFolder } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";

const needs = { commands: [], reason: postgresIsMissing, timeoutMs: 120_000 };
const image = buildImage({ seed: "postgres", layerSizes: [700_000, 90] });
const other = buildImage({ seed: "other", layerSizes: [50_000] });

/** A server of PostgreSQL, and the variable that names a database of it. */
async function openDatabase(scope: Scope) {
  const postgres = await startPostgres(scope);
  const file = join(tempFolder(scope, "secret"), "url");
  writeFileSync(file, `${await postgres.createDatabase("registry")}\n`);
  const env = { BREADBOX_DATABASE_URL_FILE: file, BREADBOX_GC_MIN_AGE: "0" };
  return { postgres, env };
}

const repositoryOf = ({ url }: RunningRegistry): string => `${url}/v2/team/app`;

/** Expects an image under a tag, byte for byte. */
async function expectImage(registry: RunningRegistry, tag: string, pushed: typeof image) {
  const pulled = await pullAll(repositoryOf(registry), tag);
  expect(pulled.digest).toBe(pushed.manifest.digest);
  expect(pulled.blobs).toHaveLength(pushed.blobs.length);
}

clientTest(
  "a registry on PostgreSQL keeps what was pushed, through kills of either server",
  needs,
  async (scope) => {
    const { postgres, env } = await openDatabase(scope);
    const first = await startBreadbox(scope, { env });
    const { data, port } = first;
    await pushImage(repositoryOf(first), "1", image);

    await first.kill9();
    const second = await startBreadbox(scope, { env, data, port });
    await expectImage(second, "1", image);
    await postgres.kill();
    const pushing = pushImage(repositoryOf(second), "2", other);
    await postgres.restart();
    await pushing;

    await expectImage(second, "1", image);
    await expectImage(second, "2", other);
  },
);

clientTest("commands work on a registry on PostgreSQL while it is served", needs, async (scope) => {
  const { env } = await openDatabase(scope);
  const registry = await startBreadbox(scope, { env });
  const breadbox = async (...command: string[]) =>
    run([await breadboxBinary(), ...command, "--data", registry.data], { env, mayFail: true });
  await pushImage(repositoryOf(registry), "1", image);
  await pushImage(repositoryOf(registry), "2", other);
  const removal = `${repositoryOf(registry)}/manifests/${other.manifest.digest}`;
  await expectStatus(await fetch(removal, { method: "DELETE" }), 202);

  const collected = await breadbox("gc", "--yes");
  expect(collected.output).toContain("Deleted 2 orphaned blobs");
  expect(collected.code).toBe(0);
  const inspected = await breadbox("fsck", "--full");
  expect([inspected.code, inspected.output]).toEqual([0, expect.any(String)]);
  const gone = await fetch(`${repositoryOf(registry)}/blobs/${other.blobs[0]?.digest}`);
  expect(gone.status).toBe(404);
  await expectImage(registry, "1", image);
});

clientTest(
  "a command that does not know the database of a data directory says where it is named",
  needs,
  async (scope) => {
    const { env } = await openDatabase(scope);
    const registry = await startBreadbox(scope, { env });
    await registry.stop();

    const { code, output } = await run([await breadboxBinary(), "fsck", "--data", registry.data], {
      mayFail: true,
    });

    expect(code).not.toBe(0);
    expect(output).toContain(
      "has its rows in PostgreSQL: set database.url (BREADBOX_DATABASE_URL)",
    );
  },
);
