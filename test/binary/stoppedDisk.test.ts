// A disk that stands still under content that is being sent: a file system that never answers these reads.
import { expect } from "bun:test";
import { randomBytes } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { type Ask, Connection } from "../support/connection.ts";
import { forgetContent } from "../support/pageCache.ts";
import { mountDisk, powerLossMissing, powerLossNeeds } from "../support/powerLoss/powerLoss.ts";
import { tempFolder } from "../support/processes.ts";
import { createBucket } from "../support/rawObjects.ts";
import { askFor, prepareUpload, pullAndHash, uploadInPut } from "../support/rawUploads.ts";
import type { Scope } from "../support/scope.ts";
import { startRegistry } from "../support/startRegistry.ts";

const missing = await powerLossMissing();
const block = randomBytes("stopped/block", 2 ** 20);
const content = (seed: string, size: number) => prepareUpload(randomBytes(seed, 32), block, size);

/** A server on a disk of its own, with content on it that is not in memory, and content that is. */
async function startOnDisk(scope: Scope) {
  const disk = await mountDisk(scope, {
    backing: tempFolder(scope, "backing"),
    seed: 1,
    keepPercent: 0,
  });
  const registry = await startRegistry(scope, { data: `${disk.folder}/data` });
  const connection = await Connection.open(registry.port);
  scope.defer(() => connection.close());
  const [large, small, warm] = [
    content("large", 48 * 2 ** 20),
    content("small", 3 * 2 ** 20),
    content("warm", 2 ** 20),
  ];
  for (const blob of [large, small]) await uploadInPut(connection, "team/disk", blob);
  await createBucket(connection, "backups");
  const object = "/v1/buckets/backups/objects/large";
  const { body } = content("object", 40 * 2 ** 20);
  await askFor(connection, [200, 201], { method: "PUT", path: object, body });
  await forgetContent(registry.data);
  await uploadInPut(connection, "team/disk", warm);
  await pullAndHash(connection, "team/disk", warm.digest);
  const pages = await mapStored(registry.data, warm.digest);
  disk.holdReads();
  return { registry, connection, large, small, warm, object, pages };
}

/** Content as a part of this process' memory: other tests that read much do not make the system forget it. */
async function mapStored(data: string, digest: string): Promise<Uint8Array> {
  const hex = digest.slice("sha256:".length);
  const found = await Array.fromAsync(new Bun.Glob(`blobs/sha256/*/${hex}.*`).scan(data));
  const pages = Bun.mmap(`${data}/${found[0]}`);
  expect(`sha256:${new Bun.CryptoHasher("sha256").update(pages).digest("hex")}`).toBe(digest);
  return pages;
}

/** A server that is held up answers nobody any more: the test ends all the same. */
const soon = <T>(what: string, work: Promise<T>): Promise<T> => {
  const late = Bun.sleep(20_000).then(() => Promise.reject(new Error(`${what} is not answered`)));
  return Promise.race([work, late]);
};

clientTest(
  "a disk that stands still under pulls stops nothing else",
  {
    ...powerLossNeeds,
    commands: [...powerLossNeeds.commands],
    reason: () => missing,
    timeoutMs: 60_000,
  },
  async (scope) => {
    const { registry, connection, large, small, warm, object, pages } = await startOnDisk(scope);
    const blob = ({ digest }: { digest: string }) => `/v2/team/disk/blobs/${digest}`;
    const stuck: Ask[] = [
      { method: "GET", path: blob(large) },
      { method: "GET", path: blob(large), headers: { Range: "bytes=1000-40000000" } },
      { method: "GET", path: blob(large), headers: { Range: "bytes=0-99,5000000-9000000" } },
      { method: "GET", path: blob(small) },
      { method: "GET", path: blob(small) },
      { method: "GET", path: blob(small), headers: { Range: "bytes=-5" } },
      { method: "GET", path: object },
      { method: "GET", path: object, headers: { Range: "bytes=7-30000000" } },
    ];

    let ended = 0;
    for (const ask of stuck) {
      const puller = await Connection.open(registry.port);
      scope.defer(() => puller.close());
      const count = () => {
        ended += 1;
      };
      puller.ask(ask).then(count, count);
      await soon("GET /v2/", askFor(connection, [200], { method: "GET", path: "/v2/" }));
    }

    const head = await soon(
      "HEAD of a blob",
      fetch(`${registry.url}${blob(large)}`, { method: "HEAD" }),
    );
    expect(head.status).toBe(200);
    // So short that it is hashed as it comes: this file system keeps no page in memory that was written in two pieces, and the
    // hashing of a longer body would read such a page from the disk.
    const more = content("more", 200_000);
    await soon("an upload", uploadInPut(connection, "team/disk", more));
    const pulled = await soon(
      "a pull from memory",
      pullAndHash(connection, "team/disk", warm.digest),
    );
    expect(pulled.digest).toBe(warm.digest);
    expect(pages).toHaveLength(2 ** 20);
    expect(ended).toBe(0);
  },
);
