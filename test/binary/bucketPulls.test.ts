// The executable over a bucket: pulls that the bucket answers itself, and those that it does not.
import { expect } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import { startBreadbox } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { versitygw } from "../support/goPrograms.ts";
import { goToolNeeds } from "../support/goTools.ts";
import { bucketEnvironment } from "../support/s3Server.ts";
import { noise } from "../support/store.ts";
import { startVersitygw } from "../support/versitygw.ts";

clientTest("a pull is redirected to the bucket", goToolNeeds(versitygw), async (scope) => {
  const { bucket } = await startVersitygw(scope);
  const env = { ...bucketEnvironment(bucket), BREADBOX_STORAGE_S3_REDIRECT: "on" };
  const first = await startBreadbox(scope, { env });
  const bytes = noise(3_000_000);
  const path = `/v2/app/blobs/${digestOf(bytes)}`;
  const upload = `${first.url}/v2/app/blobs/uploads/?digest=${digestOf(bytes)}`;
  expect((await fetch(upload, { method: "POST", body: bytes })).status).toBe(201);

  const answer = await fetch(first.url + path, { redirect: "manual" });
  const followed = await fetch(first.url + path);
  const part = await fetch(first.url + path, { headers: { range: "bytes=-10" } });
  const head = await fetch(first.url + path, { method: "HEAD", redirect: "manual" });
  const several = await fetch(first.url + path, { headers: { range: "bytes=0-4,20-24" } });

  expect([answer.status, answer.headers.get("cache-control")]).toEqual([307, "private, no-store"]);
  expect(new URL(answer.headers.get("location") ?? "").origin).toBe(bucket.endpoint ?? "");
  expect(digestOf(await followed.bytes())).toBe(digestOf(bytes));
  expect([part.status, await part.bytes()]).toEqual([206, bytes.slice(-10)]);
  expect([head.status, head.headers.get("content-length")]).toEqual([200, String(bytes.length)]);
  expect(several.headers.get("content-type")).toStartWith("multipart/byteranges");

  await first.stop();
  const networks = { BREADBOX_STORAGE_S3_REDIRECT_NETWORKS: "192.0.2.0/24" };
  const second = await startBreadbox(scope, { data: first.data, env: { ...env, ...networks } });
  const through = await fetch(second.url + path, { redirect: "manual" });
  expect([through.status, digestOf(await through.bytes())]).toEqual([200, digestOf(bytes)]);
});
