// Clients that let the server wait for longer than its 30 idle seconds.
import { expect, test } from "bun:test";
import { randomBytes } from "../support/bytes.ts";
import { Connection } from "../support/connection.ts";
import { readLate } from "../support/lateReader.ts";
import { createBucket, textBody } from "../support/rawObjects.ts";
import { askFor, prepareUpload, uploadInPut } from "../support/rawUploads.ts";
import { Scope } from "../support/scope.ts";
import { startRegistry } from "../support/startRegistry.ts";

const size = 48 * 2 ** 20;
const content = prepareUpload(randomBytes("slow", 32), randomBytes("slow/block", 2 ** 20), size);
const manifestType = "application/vnd.oci.image.index.v1+json";
/** As large as manifests are accepted. */
const manifest = JSON.stringify({
  schemaVersion: 2,
  mediaType: manifestType,
  manifests: [],
  annotations: { padding: "x".repeat(4_000_000) },
});

test("a client that pauses reading for 40 seconds still receives the whole response", async () => {
  await using scope = new Scope();
  const registry = await startRegistry(scope);
  const connection = await Connection.open(registry.port);
  scope.defer(() => connection.close());
  await uploadInPut(connection, "team/slow", content);
  await createBucket(connection, "backups");
  const object = "/v1/buckets/backups/objects/slow";
  await askFor(connection, [200, 201], { method: "PUT", path: object, body: content.body });
  const path = "/v2/team/slow/manifests/large";
  const headers = { "Content-Type": manifestType };
  await askFor(connection, [201], { method: "PUT", path, headers, body: textBody(manifest) });
  const blob = `/v2/team/slow/blobs/${content.digest}`;
  const asked: readonly [path: string, bytes: number, range?: string][] = [
    [blob, size],
    [blob, 44_999_001, "1000-45000000"],
    [blob, 40_000_002, "0-20000000,25000000-45000000"],
    [object, size],
    [object, 44_999_001, "1000-45000000"],
    [path, manifest.length],
  ];

  const ends = await Promise.all(
    asked.map(async ([path, bytes, range]) => {
      const ranged = range === undefined ? {} : { range };
      const read = await readLate({ port: registry.port, path, ...ranged }, 40);
      return { path, range, missing: Math.max(0, bytes - read) };
    }),
  );

  expect(ends.filter(({ missing }) => missing > 0)).toEqual([]);
}, 90_000);
