// "The image is deleted and the disk is still full": what the commands of the compiled file tell somebody who does not know why.
import { expect, test } from "bun:test";
import { breadboxBinary, startBreadbox } from "../support/binary.ts";
import { buildImage, pushImage } from "../support/images.ts";
import { run } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const env = { BREADBOX_GC_MIN_AGE: "0" };

async function openStore(scope: Scope) {
  const server = await startBreadbox(scope, { env });
  const image = (seed: string, size: number) => buildImage({ seed, layerSizes: [size] });
  const push = (name: string, tag: string, size: number) =>
    pushImage(`${server.url}/v2/${name}`, tag, image(`${name} ${size}`, size));
  const breadbox = async (...args: readonly string[]) =>
    run([await breadboxBinary(), ...args, "--data", server.data], { env, mayFail: true });
  return { server, push, breadbox, image };
}

test("gc reports what untagged manifests keep, where, and the command that deletes them; that command frees it", async () => {
  await using scope = new Scope();
  const { push, breadbox } = await openStore(scope);
  await push("team/app", "1.0", 3_000_000);
  await push("team/app", "1.0", 2_000_000);

  const dry = await breadbox("gc", "--dry-run");
  const held = /^1 untagged manifest keeps (3\.\d MB) in team\/app$/m;
  expect(dry.output).toMatch(held);
  expect(dry.output).toContain("\nWould reclaim 0 B\n");
  expect(dry.output).toContain(
    "not deleted automatically, because clients may pull them by digest",
  );
  expect(dry.output).toContain(
    "breadbox gc --untagged 0; to do so in every run: set gc.untagged.enabled",
  );
  expect((await breadbox("gc")).output).toMatch(held);
  const told = JSON.parse((await breadbox("gc", "--dry-run", "--json")).output);
  expect(told.untagged).toMatchObject({
    ...{ manifests: 1, blobs: 2, other_repositories: 0 },
    repositories: [{ repository: "team/app", manifests: 1, bytes: told.untagged.bytes }],
  });

  expect((await breadbox("gc", "--untagged", "1h")).output).toContain("Reclaimed 0 B");
  const freed = await breadbox("gc", "--untagged", "0s");
  const [, bytes] = held.exec(dry.output) ?? [];
  expect(freed.output).toContain("\nDeleted 1 untagged manifest\n");
  expect(freed.output).toContain(`\nDeleted 2 orphaned blobs\nReclaimed ${bytes}\n`);
  expect(freed.output).not.toContain("keep");
});

test("gc names the repositories that keep the most, and how many others do", async () => {
  await using scope = new Scope();
  const { push, breadbox } = await openStore(scope);
  for (let at = 1; at <= 7; at += 1) {
    for (const size of [at * 1_000_000, 100]) await push(`team/app${at}`, "latest", size);
  }

  const { output } = await breadbox("gc");

  expect(output).toMatch(
    /^7 untagged manifests keep \d\d MB: team\/app7 7\.\d MB \(1\), team\/app6 6\.\d MB \(1\), team\/app5 5\.\d MB \(1\), team\/app4 4\.\d MB \(1\), team\/app3 3\.\d MB \(1\), and 2 more repositories$/m,
  );
});

test("why accepts an image name, and lists what is left of an image whose tag was deleted", async () => {
  await using scope = new Scope();
  const { server, push, image, breadbox } = await openStore(scope);
  await push("team/app", "1.0", 3000);
  await push("team/app", "2.0", 2000);
  const { digest } = image("team/app 3000", 3000).manifest;

  const kept = await breadbox("why", "team/app:1.0");
  expect([kept.code, kept.output]).toEqual([
    0,
    `${digest} is a manifest.\nKept by:\n  tag team/app:1.0 → manifest ${digest}\n`,
  ]);
  expect((await breadbox("why", `${server.host}/team/app:1.0`)).output).toBe(kept.output);
  expect((await breadbox("why", "docker://registry.example.org/team/app:1.0")).output).toBe(
    kept.output,
  );
  expect((await breadbox("why", `team/app@${digest}`)).output).toBe(kept.output);

  const target = `${server.url}/v2/team/app/manifests`;
  expect((await fetch(`${target}/1.0`, { method: "DELETE" })).status).toBe(202);
  const gone = await breadbox("why", "team/app:1.0");
  expect(gone.code).toBe(1);
  expect(gone.output).toContain("There is no tag team/app:1.0. Tags of team/app: 2.0.\n");
  expect(gone.output).toMatch(new RegExp(`holds manifests without a tag.*\\n  ${digest}  pushed `));
  expect((await breadbox("why", digest)).output).toContain(
    "untagged in team/app (kept for clients",
  );

  expect((await fetch(`${target}/${digest}`, { method: "DELETE" })).status).toBe(202);
  const unknown = await breadbox("why", `team/app@${digest}`);
  expect(unknown.code).toBe(1);
  expect(unknown.output).toContain("If it was pushed here, it was deleted: the server's log has");
  expect(server.logs()).toContain(`"event":"delete"`);
  expect((await breadbox("why", "team/nothing:1")).output).toContain(
    "team/nothing holds no manifest",
  );
  const wrong = await breadbox("why", "team/app");
  expect([wrong.code, wrong.output]).toEqual([2, expect.stringContaining("write REPO:TAG")]);
});
