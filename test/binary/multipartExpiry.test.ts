// Uploads in parts that expire while their server is off, or while it runs: what clients and operators see of it.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const bucket = "/v1/buckets/backups";
const brief = {
  BREADBOX_STORAGE_MULTIPART_MAX_UPLOAD_TTL_SECONDS: "1",
  BREADBOX_JOBS_CLEANUP_GRACE_PERIOD_SECONDS: "0",
  BREADBOX_JOBS_CLEANUP_SWEEP_INTERVAL_SECONDS: "1",
};
const withoutCleanup = { ...brief, BREADBOX_JOBS_CLEANUP_ENABLED: "false" };

/** Creates the bucket, initiates an upload and sends a part. @returns the upload's id. */
async function begin({ url }: RunningRegistry): Promise<string> {
  const post = (path: string, body: unknown) =>
    fetch(`${url}${path}`, { method: "POST", body: JSON.stringify(body) });
  expect((await post("/v1/buckets", { name: "backups" })).status).toBe(201);
  const initiated = await post(`${bucket}/multipart-uploads`, { object: "a/b" });
  expect(initiated.status).toBe(201);
  const { upload_id: id }: { upload_id: string } = JSON.parse(await initiated.text());
  const path = `${bucket}/multipart-uploads/${id}/parts/1`;
  expect((await fetch(`${url}${path}`, { method: "PUT", body: "seven by" })).status).toBe(200);
  return id;
}

const statusOf = async ({ url }: RunningRegistry, id: string): Promise<number> =>
  (await fetch(`${url}${bucket}/multipart-uploads/${id}/parts`)).status;
const folderOf = ({ data }: RunningRegistry, id: string) => join(data, "tmp", "multipart", id);

test("an upload that expired while the server was off is deleted with its bytes soon after the start", async () => {
  await using scope = new Scope();
  const first = await startBreadbox(scope, { env: withoutCleanup });
  const id = await begin(first);
  await first.stop();
  expect(existsSync(folderOf(first, id))).toBe(true);

  const second = await startBreadbox(scope, { data: first.data, env: brief });
  const metricsOf = async () => (await fetch(`${second.url}/metrics`)).text();
  const isTold = async () => (await metricsOf()).includes("multipart_upload_expired_total 1\n");
  await waitFor("the cleanup", isTold, { explain: second.logs });
  await waitFor("its bytes' end", () => !existsSync(folderOf(second, id)));

  const metrics = await metricsOf();
  expect(await statusOf(second, id)).toBe(404);
  expect(metrics).toContain("multipart_uploads_in_progress 0\n");
  expect(metrics).toContain("multipart_temp_bytes 0\n");
  await second.stop();
  const line = second
    .logs()
    .split("\n")
    .find((each) => each.includes('"multipartExpired"'));
  expect(JSON.parse(line ?? "{}")).toMatchObject({
    ...{ level: "info", uploadId: id, bucket: "backups", object: "a/b", bytes: 8 },
  });
});

test("with the cleanup switched off, an expired upload stays and accepts no parts", async () => {
  await using scope = new Scope();
  const server = await startBreadbox(scope, { env: withoutCleanup });
  const id = await begin(server);
  const put = () =>
    fetch(`${server.url}${bucket}/multipart-uploads/${id}/parts/2`, { method: "PUT", body: "x" });
  // Each part is one more second to live: asked more seldom, it expires.
  await waitFor("its end", async () => (await put()).status === 409, { everyMs: 1_500 });

  expect(await (await put()).json()).toMatchObject({
    errors: [{ code: "CONFLICT", detail: { state: "expired" } }],
  });
  expect(await statusOf(server, id)).toBe(200);
  expect(existsSync(folderOf(server, id))).toBe(true);
});
