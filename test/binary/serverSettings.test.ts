// Commands of the compiled file while a server is running: they use its settings, and say so where theirs differ.
import { expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { breadboxBinary, startBreadbox } from "../support/binary.ts";
import { buildImage, pushBlob, pushImage } from "../support/images.ts";
import { run } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const [blob] = buildImage({ seed: "served", layerSizes: [3000] }).blobs;

/** A command on the data directory, as a person runs it who does not have the server's environment. */
const commandOn =
  (data: string) =>
  async (args: readonly string[], env: Record<string, string> = {}) => {
    const command = [await breadboxBinary(), ...args, "--data", data];
    return run(command, { env, mayFail: true });
  };

test("gc and why use the ages of the running server, and report where their own configuration differs", async () => {
  await using scope = new Scope();
  const server = await startBreadbox(scope, { env: { BREADBOX_GC_MIN_AGE: "2h" } });
  if (blob === undefined) throw new Error("a blob");
  await pushBlob(`${server.url}/v2/team/app`, blob);
  const command = commandOn(server.data);

  const silent = await command(["gc", "--dry-run"]);
  expect(silent.output).not.toContain("Note:");
  const told = await command(["gc", "--yes"], { BREADBOX_GC_MIN_AGE: "0" });
  expect(told.output).toContain(
    "Note: the running server uses gc.minAge 2h, BREADBOX_GC_MIN_AGE of this command says 0: using the server's\n",
  );
  expect(told.output).toContain("Deleted 0 orphaned blobs");
  const short = await command(["gc", "--yes", "--min-age", "0"]);
  expect(short.output).toContain("Note: --min-age does not apply to pushed blobs");
  const why = await command(["why", blob.digest], { BREADBOX_GC_MIN_AGE: "0" });
  expect(why.output).toContain("Note: the running server uses gc.minAge 2h");
  expect(why.output).toMatch(/^Kept until .* \(for another 2h \d+m\)/m);
});

test("gc applies the rule for untagged manifests as the running server does", async () => {
  await using scope = new Scope();
  const env = {
    ...{ BREADBOX_GC_MIN_AGE: "0", BREADBOX_GC_UNTAGGED_ENABLED: "true" },
    BREADBOX_GC_UNTAGGED_OLDER_THAN: "0",
  };
  const server = await startBreadbox(scope, { env });
  for (const seed of ["one", "two"]) {
    const image = buildImage({ seed, layerSizes: [3000] });
    await pushImage(`${server.url}/v2/team/app`, "latest", image);
  }

  const { output } = await commandOn(server.data)(["gc"]);

  expect(output).toContain("Deleted 1 untagged manifest\n");
});

test("gc and why ignore the settings of a server that has ended, even if it was killed", async () => {
  await using scope = new Scope();
  const first = await startBreadbox(scope, {
    env: { BREADBOX_GC_MIN_AGE: "2h", BREADBOX_ADMIN_PASSWORD: "a secret of the operator" },
  });
  const file = join(first.data, "settings.json");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const written = readFileSync(file, "utf8");
  expect(written).not.toContain("secret");
  expect(JSON.parse(written).settings).toMatchObject({
    ...{ "gc.minAge": "2h", "gc.brake": "0.25" },
    ...{ "gc.untagged.enabled": "false", "gc.untagged.olderThan": "7d" },
  });
  const command = commandOn(first.data);
  const note = async () =>
    (await command(["gc", "--dry-run"], { BREADBOX_GC_MIN_AGE: "1h" })).output.includes(
      "Note: the",
    );
  expect(await note()).toBe(true);
  expect((await command(["fsck"])).code).toBe(0);

  await first.stop();
  expect(existsSync(file)).toBe(false);
  expect(await note()).toBe(false);
  // As a server leaves it that was killed.
  writeFileSync(file, written);
  expect(await note()).toBe(false);
  for (const damaged of [
    "",
    "{",
    "[]",
    '{"process":1}',
    '{"process":"x","settings":{"gc.minAge":"?"}}',
  ]) {
    writeFileSync(file, damaged);
    expect((await command(["gc", "--dry-run"])).code).toBe(0);
  }

  const second = await startBreadbox(scope, { data: first.data });
  expect(JSON.parse(readFileSync(file, "utf8")).settings).toMatchObject({ "gc.minAge": "1h" });
  await second.stop();
});
