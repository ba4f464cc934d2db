// Content that is not in memory when it is pulled, as after a restart of the machine: it arrives whole, and leaves nothing open behind it.
import { expect } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import type { RunningRegistry } from "../support/binary.ts";
import { randomBytes } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { Connection } from "../support/connection.ts";
import { forgetContent } from "../support/pageCache.ts";
import { waitFor } from "../support/processes.ts";
import { createBucket } from "../support/rawObjects.ts";
import { askFor, prepareUpload, pullAndHash, uploadInPut } from "../support/rawUploads.ts";
import { startRegistry } from "../support/startRegistry.ts";

const mebibyte = 2 ** 20;
const block = randomBytes("cold/block", mebibyte);
const content = (seed: string, size: number) => prepareUpload(randomBytes(seed, 32), block, size);
const large = content("large", 80 * mebibyte);
const small = content("small", 3 * mebibyte);
const largePath = `/v2/team/cold/blobs/${large.digest}`;
const needs = { commands: [], timeoutMs: 60_000 };

/** Stored content that the server has open. */
function openContent({ pid }: RunningRegistry): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((name) => {
    try {
      const target = readlinkSync(`${folder}/${name}`);
      return target.includes("/blobs/") ? [target] : [];
    } catch {
      // Closed between the two looks.
      return [];
    }
  });
}

const nothingOpen = (registry: RunningRegistry) =>
  waitFor("no open content", () => openContent(registry).length === 0);

clientTest("cold content arrives whole, short content with its length", needs, async (scope) => {
  const registry = await startRegistry(scope);
  const connection = await Connection.open(registry.port);
  scope.defer(() => connection.close());
  for (const blob of [large, small]) await uploadInPut(connection, "team/cold", blob);
  await createBucket(connection, "backups");
  const object = "/v1/buckets/backups/objects/large";
  await askFor(connection, [200, 201], { method: "PUT", path: object, body: large.body });

  for (const blob of [large, small]) {
    await forgetContent(registry.data);
    const pulled = await pullAndHash(connection, "team/cold", blob.digest);
    expect(pulled).toEqual({ digest: blob.digest, size: blob.body.size });
  }
  for (const path of [largePath, object]) {
    const whole = await (await fetch(`${registry.url}${path}`)).bytes();
    for (const [from, to] of [
      [1000, 60 * mebibyte + 7] as const,
      [5 * mebibyte, 6 * mebibyte] as const,
    ]) {
      await forgetContent(registry.data);
      const headers = { range: `bytes=${from}-${to - 1}` };
      const part = await fetch(`${registry.url}${path}`, { headers });
      expect(part.status).toBe(206);
      expect(part.headers.get("content-range")).toBe(`bytes ${from}-${to - 1}/${whole.length}`);
      expect(Buffer.compare(await part.bytes(), whole.subarray(from, to))).toBe(0);
    }
  }
  await forgetContent(registry.data);
  const smallPath = `/v2/team/cold/blobs/${small.digest}`;
  const { headers } = await askFor(connection, [200], { method: "GET", path: smallPath });
  expect(headers.get("content-length")).toBe(String(small.body.size));
  await nothingOpen(registry);
});

clientTest(
  "long content of which a part is not in memory is sent with its length, to many at once",
  needs,
  async (scope) => {
    const registry = await startRegistry(scope);
    const connection = await Connection.open(registry.port);
    scope.defer(() => connection.close());
    await uploadInPut(connection, "team/cold", large);
    await pullAndHash(connection, "team/cold", large.digest);
    await forgetContent(registry.data, { start: 8 * mebibyte, length: 2 * mebibyte });

    const pulled = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const answer = await fetch(`${registry.url}${largePath}`, { keepalive: false });
        const hasher = new Bun.CryptoHasher("sha256").update(await answer.bytes());
        return [answer.headers.get("content-length"), `sha256:${hasher.digest("hex")}`];
      }),
    );

    expect(pulled).toEqual(Array(4).fill([String(large.body.size), large.digest]));
    await nothingOpen(registry);
  },
);

clientTest("a client that leaves a cold pull leaves nothing open", needs, async (scope) => {
  const registry = await startRegistry(scope);
  const connection = await Connection.open(registry.port);
  scope.defer(() => connection.close());
  await uploadInPut(connection, "team/cold", large);

  for (let round = 0; round < 4; round++) {
    await forgetContent(registry.data);
    const leaving = new AbortController();
    const answer = await fetch(`${registry.url}${largePath}`, { signal: leaving.signal });
    await answer.body?.getReader().read();
    leaving.abort();
  }

  await nothingOpen(registry);
  const pulled = await pullAndHash(connection, "team/cold", large.digest);
  expect(pulled.digest).toBe(large.digest);
});
