// The order of docs/BACKUP.md with PostgreSQL: pg_dump first, then the bytes, while images are pushed. Both are restored, and fit.
import { expect } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { breadboxBinary, startBreadbox } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { buildImage, pullAll, pushImage } from "../support/images.ts";
import { postgresIsMissing, startPostgres } from "../support/postgres.ts";
import { run, tempFolder } from "../support/processes.ts";

clientTest(
  "a dump of the database and then a copy of the blobs, while images are pushed, restore to a store that fsck finds nothing wrong with",
  { commands: ["pg_dump", "psql"], reason: postgresIsMissing, timeoutMs: 180_000 },
  async (scope) => {
    const postgres = await startPostgres(scope);
    const url = await postgres.createDatabase("registry");
    const server = await startBreadbox(scope, { env: { BREADBOX_DATABASE_URL: url } });
    const imageOf = (tag: string) => buildImage({ seed: tag, layerSizes: [40_000, 90] });
    let [isOver, pushed] = [false, 0];
    const push = async (repository: string, tag: string): Promise<void> =>
      pushImage(`${server.url}/v2/${repository}`, tag, imageOf(`${repository} ${tag}`));
    const tags = Array.from({ length: 10 }, (_, place) => `t${place}`);
    for (const tag of tags) await push("team/kept", tag);
    const pushes = (async () => {
      while (!isOver) {
        await push("team/busy", `t${pushed}`);
        pushed += 1;
      }
    })();
    const before = pushed;
    const folder = tempFolder(scope, "restored");
    const data = join(folder, "data");
    mkdirSync(data, { mode: 0o700 });

    await run(["pg_dump", "--no-owner", "--file", join(folder, "rows.sql"), url]);
    await run(["cp", "-a", join(server.data, "blobs"), join(server.data, "format"), data]);

    isOver = true;
    await pushes;
    const copy = await postgres.createDatabase("restored");
    await run(["psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", join(folder, "rows.sql"), copy]);
    const env = { BREADBOX_DATABASE_URL: copy };
    const restored = await startBreadbox(scope, { data, env });
    for (const tag of tags) await pullAll(`${restored.url}/v2/team/kept`, tag);
    const binary = await breadboxBinary();
    const fsck = async (...more: readonly string[]) => {
      const command = [binary, "fsck", "--full", "--json", ...more, "--data", data];
      return JSON.parse((await run(command, { env, mayFail: true })).stdout);
    };
    // Of uploads that were open in that moment only the rows were taken: their clients start again.
    const { findings } = await fsck("--repair");
    const problems = findings.filter((each: { severity: string }) => each.severity === "problem");
    const ofOthers = problems.filter((each: { text: string }) => !each.text.startsWith("upload "));
    expect(ofOthers).toEqual([]);
    expect(await fsck()).toMatchObject({ clean: true, full: true });
    expect(pushed).toBeGreaterThan(before);
    const refused = await run([binary, "backup", join(folder, "target"), "--data", data], {
      ...{ env, mayFail: true },
    });
    expect([refused.code, refused.output]).toEqual([1, expect.stringContaining("pg_dump first")]);
  },
);
