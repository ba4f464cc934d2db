// Commands at work with two replicas, on a machine of their own: an empty data directory, and the settings.
import { expect } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import { breadboxBinary, type RunningRegistry } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { buildImage, pullAll, pushImage } from "../support/images.ts";
import { postgresIsMissing } from "../support/postgres.ts";
import { run, tempFolder } from "../support/processes.ts";
import { startReplicas } from "../support/replicas.ts";
import { noise } from "../support/store.ts";

const needs = { commands: [], reason: postgresIsMissing, timeoutMs: 120_000 };

async function pushBlob({ url }: RunningRegistry, bytes: Uint8Array<ArrayBuffer>) {
  const digest = digestOf(bytes);
  const path = `${url}/v2/lab/app/blobs/uploads/?digest=${digest}`;
  expect((await fetch(path, { method: "POST", body: bytes })).status).toBe(201);
  return digest;
}

const has = async ({ url }: RunningRegistry, digest: string): Promise<boolean> =>
  (await fetch(`${url}/v2/lab/app/blobs/${digest}`, { method: "HEAD" })).status === 200;

clientTest(
  "commands see what the replicas see, and the grace period of a push holds at all of them",
  needs,
  async (scope) => {
    const { a, b, env } = await startReplicas(scope, { BREADBOX_GC_MIN_AGE: "6s" });
    const data = tempFolder(scope, "commands");
    const command = async (...args: readonly string[]) =>
      run([await breadboxBinary(), ...args, "--data", data], { mayFail: true, env });
    const image = buildImage({ seed: "kept", layerSizes: [30_000] });
    await pushImage(`${a.url}/v2/lab/app`, "1", image);
    const orphan = noise(5_000);
    const digest = await pushBlob(a, orphan);
    const begun = await fetch(`${b.url}/v2/lab/app/blobs/uploads/`, { method: "POST" });
    const session = begun.headers.get("docker-upload-uuid") ?? "";
    await Bun.sleep(7_000);
    // Found already stored by an upload to the other replica: nothing was sent to the bucket, and the lease begins anew.
    expect(await pushBlob(b, orphan)).toBe(digest);

    const young = await command("gc");
    expect(young.output).toContain("Deleted 0 orphaned blobs");
    expect([await has(a, digest), await has(b, digest)]).toEqual([true, true]);
    const listed = await command("uploads", "ls");
    expect(listed.output).toContain(session);
    await Bun.sleep(7_000);
    const collected = await command("gc", "--yes");
    expect([collected.code, collected.output]).toEqual([
      0,
      expect.stringContaining("Deleted 1 orphaned blob"),
    ]);
    expect([await has(a, digest), await has(b, digest)]).toEqual([false, false]);

    const runs = JSON.parse(await (await fetch(`${b.url}/v1/gc/runs`)).text()).runs;
    expect(runs.map(({ state }: { state: string }) => state)).toEqual(["done", "done"]);
    const checked = await command("fsck");
    expect([checked.code, checked.output]).toEqual([0, expect.stringContaining("No problems")]);
    expect((await command("uploads", "rm", session)).code).toBe(0);
    expect((await fetch(`${a.url}/v2/lab/app/blobs/uploads/${session}`)).status).toBe(404);
    expect((await pullAll(`${b.url}/v2/lab/app`, "1")).digest).toBe(image.manifest.digest);
  },
);
