// What the object store leaves in the log.
import { expect, test } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import { openRegistry } from "./support/registry.ts";

const object = "/v1/buckets/backups/objects/path/to/file";

test("put, get and delete of an object each write a readable log line", async () => {
  await using registry = await openRegistry();
  await registry.raw("POST /v1/buckets", [], '{"name":"backups"}');
  await registry.raw(`PUT ${object}`, [["X-Request-Id", "mine"]], "content");
  await registry.raw(`HEAD ${object}`);
  await registry.raw(`GET ${object}`);
  await registry.raw(`DELETE ${object}`);

  const digest = digestOf(Buffer.from("content"));
  const short = digest.slice(0, 19);
  expect(registry.lines.map(({ msg }) => msg)).toEqual([
    "create bucket backups",
    `put backups/path/to/file ${short} 7 B`,
    `get backups/path/to/file ${short}`,
    "delete object backups/path/to/file",
  ]);
  expect(registry.lines[1]).toEqual({
    level: "info",
    time: expect.any(String),
    msg: expect.any(String),
    event: "put",
    bucket: "backups",
    object: "path/to/file",
    digest,
    size: 7,
    requestId: "mine",
    who: null,
    address: "127.0.0.1",
    client: null,
  });
});

test("creating and removing a bucket each write a line that says who did it, with which program", async () => {
  await using registry = await openRegistry();
  const agent: [string, string][] = [["User-Agent", "curl/7.88.1"]];
  await registry.raw("POST /v1/buckets", agent, '{"name":"backups"}');
  await registry.raw("DELETE /v1/buckets/backups", agent);

  const told = registry.lines.map(({ event, kind, msg, who, address, client }) => ({
    ...{ event, kind, msg, who, address, client },
  }));
  const by = { kind: "bucket", who: null, address: "127.0.0.1", client: "curl/7.88.1" };
  expect(told).toEqual([
    { event: "create", msg: "create bucket backups", ...by },
    { event: "delete", msg: "delete bucket backups", ...by },
  ]);
});

test("completing and aborting an upload write a log line with its id and the request's", async () => {
  await using registry = await openRegistry();
  await registry.raw("POST /v1/buckets", [], '{"name":"backups"}');
  const uploads = "/v1/buckets/backups/multipart-uploads";
  const ids: string[] = [];
  for (const end of ["complete", "abort"]) {
    const begun = await registry.raw(`POST ${uploads}`, [], `{"object":"to ${end}"}`);
    const id: string = JSON.parse(begun.body.toString()).upload_id;
    ids.push(id);
    const part = await registry.raw(`PUT ${uploads}/${id}/parts/1`, [], "content");
    const { etag } = JSON.parse(part.body.toString());
    const named: [string, string][] = [["X-Request-Id", end]];
    const list = JSON.stringify({ parts: [{ part_number: 1, etag }] });
    if (end === "abort") await registry.raw(`DELETE ${uploads}/${id}`, named);
    else await registry.raw(`POST ${uploads}/${id}/complete`, named, list);
  }

  const told = registry.lines.slice(1).map(({ event, object, requestId, uploadId }) => ({
    ...{ event, object, requestId, uploadId },
  }));
  expect(told).toEqual([
    { event: "put", object: "to complete", requestId: "complete", uploadId: ids[0] },
    { event: "abort", object: "to abort", requestId: "abort", uploadId: ids[1] },
  ]);
  expect(registry.lines.at(-1)?.["msg"]).toBe(`abort backups/to abort ${ids[1]}`);
});

test("every log line of a request has its bucket, object and upload", async () => {
  await using registry = await openRegistry({ logLevel: "debug" });
  await registry.raw("POST /v1/buckets", [], '{"name":"backups"}');
  const uploads = "/v1/buckets/backups/multipart-uploads";
  const begun = await registry.raw(`POST ${uploads}`, [], '{"object":"a"}');
  const { upload_id: uploadId } = JSON.parse(begun.body.toString());
  await registry.raw(`GET ${uploads}/${uploadId}`);
  await registry.raw(`GET ${object}x`);

  const asked = registry.lines.filter(({ level }) => level === "debug");
  const known = asked.map(({ operation, bucket, object, uploadId }) => ({
    ...{ operation, bucket, object, uploadId },
  }));
  const backups = { bucket: "backups", object: undefined, uploadId: undefined };
  expect(known).toEqual([
    { operation: "createBucket", ...backups, bucket: undefined },
    { operation: "initiateMultipartUpload", ...backups, uploadId },
    { operation: "getMultipartUpload", ...backups, uploadId },
    { operation: "getObject", ...backups, object: "path/to/filex" },
  ]);
});

test("deleted objects are counted", async () => {
  await using registry = await openRegistry();
  await registry.raw("POST /v1/buckets", [], '{"name":"backups"}');
  await registry.raw(`PUT ${object}`, [], "content");
  await registry.raw(`GET ${object}`);
  await registry.raw(`DELETE ${object}`);
  await registry.raw(`DELETE ${object}`);

  const metrics = await (await fetch(`${registry.url}/metrics`)).text();
  expect(metrics).toContain('breadbox_deletions_total{kind="object"} 1');
  expect(metrics).toContain("breadbox_blob_sent_bytes_total 7");
  expect(metrics).not.toContain('"backups');
});
