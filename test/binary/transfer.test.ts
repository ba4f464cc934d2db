// Large and many transfers against the compiled binary: everything arrives, and memory stays flat.
import { describe, expect, test } from "bun:test";
import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { randomBytes } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { Connection } from "../support/connection.ts";
import { damagedFiles, storedFiles } from "../support/dataFolder.ts";
import { prepareUpload, pullAndHash, uploadInPatch, uploadInPut } from "../support/rawUploads.ts";
import { Scope } from "../support/scope.ts";
import { startRegistry } from "../support/startRegistry.ts";

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;
const block = randomBytes("transfer", mebibyte);
const content = (seed: string, size: number) => prepareUpload(randomBytes(seed, 32), block, size);

/** Room for the blob and as much again for whatever else the machine does. */
const roomFor = (size: number) => (): string | null => {
  const { bavail, bsize } = statfsSync(tmpdir());
  return bavail * bsize < 2 * size ? `less than ${2 * size} bytes free in ${tmpdir()}` : null;
};

describe("one large blob", () => {
  // Beyond 4 GiB, where numbers of 32 bits end; a smaller one shows nothing more.
  for (const gibibytes of [5]) {
    const size = gibibytes * gibibyte;
    clientTest(
      `${gibibytes} GiB goes in and out with at most 64 MiB more memory than idle`,
      { commands: [], reason: roomFor(size), timeoutMs: 600_000 },
      async (scope) => {
        const blob = content(`large/${gibibytes}`, size);
        const registry = await startRegistry(scope);
        const connection = await Connection.open(registry.port);
        scope.defer(() => connection.close());
        const limit = registry.rssBytes() + 64 * mebibyte;

        registry.resetPeakRss();
        await uploadInPatch(connection, "team/large", blob);
        const peakOfPush = registry.peakRssBytes();
        registry.resetPeakRss();
        const pulled = await pullAndHash(connection, "team/large", blob.digest);
        const peakOfPull = registry.peakRssBytes();

        expect(pulled).toEqual({ digest: blob.digest, size });
        expect(peakOfPush).toBeLessThanOrEqual(limit);
        expect(peakOfPull).toBeLessThanOrEqual(limit);
      },
    );
  }
});

describe("many uploads at once", () => {
  test("64 uploads of 4 MiB all arrive", async () => {
    await using scope = new Scope();
    const registry = await startRegistry(scope);
    const blobs = Array.from({ length: 64 }, (_, number) =>
      content(`many/${number}`, 4 * mebibyte),
    );

    await Promise.all(
      blobs.map(async (blob, number) => {
        const connection = await Connection.open(registry.port);
        // Half of them as dockerd sends them, half as containerd does.
        const upload = number % 2 === 0 ? uploadInPatch : uploadInPut;
        await upload(connection, "team/many", blob);
        connection.close();
      }),
    );

    const connection = await Connection.open(registry.port);
    scope.defer(() => connection.close());
    for (const { digest } of blobs) {
      expect((await pullAndHash(connection, "team/many", digest)).digest).toBe(digest);
    }
    expect(await storedFiles(registry.data)).toHaveLength(blobs.length);
  }, 120_000);

  test("20 uploads of the same digest leave one stored file", async () => {
    await using scope = new Scope();
    const registry = await startRegistry(scope);
    const blob = content("same", 8 * mebibyte);
    const names = Array.from({ length: 20 }, (_, number) => `team/same-${number % 5}`);

    await Promise.all(
      names.map(async (name) => {
        const connection = await Connection.open(registry.port);
        await uploadInPatch(connection, name, blob);
        connection.close();
      }),
    );

    expect(await storedFiles(registry.data)).toHaveLength(1);
    expect(await damagedFiles(registry.data)).toEqual([]);
    const connection = await Connection.open(registry.port);
    scope.defer(() => connection.close());
    for (const name of new Set(names)) {
      expect((await pullAndHash(connection, name, blob.digest)).digest).toBe(blob.digest);
    }
  }, 120_000);
});
