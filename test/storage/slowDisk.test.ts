// A disk whose writes take a third of a second: what else the server's thread has to do goes on.
import { expect } from "bun:test";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { openFilesystem } from "../../src/storage/filesystem/filesystem.ts";
import { clientTest } from "../support/clientTest.ts";
import { beginSession } from "../support/contents.ts";
import { mountDisk, powerLossMissing, powerLossNeeds } from "../support/powerLoss/powerLoss.ts";
import { tempFolder } from "../support/processes.ts";
import { serving } from "../support/serving.ts";
import { noise } from "../support/store.ts";

const missing = await powerLossMissing();
const writeMs = 300;

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

clientTest(
  "uploads to a disk that stalls hold the server's thread for one write only",
  { ...powerLossNeeds, reason: () => missing, timeoutMs: 60_000 },
  async (scope) => {
    const backing = tempFolder(scope, "backing");
    const disk = await mountDisk(scope, {
      backing,
      seed: 1,
      keepPercent: 0,
      writeTimeUs: writeMs * 1_000,
    });
    const storage = await openFilesystem({
      ...{ directory: `${disk.folder}/data`, latch: new WriteLatch(() => {}) },
      ...{ clock: Date.now, newId: Bun.randomUUIDv7 },
      serving: serving({ inlineBytes: 8 * 2 ** 20 }),
    });
    scope.defer(() => storage.close());
    const body = noise(4 * 2 ** 20);
    const sessions = await Promise.all([beginSession(storage, 0), beginSession(storage, 0)]);
    let [heldMs, last] = [0, performance.now()];
    const turning = setInterval(() => {
      const now = performance.now();
      if (now - last >= writeMs) heldMs += now - last;
      last = now;
    }, 5);

    const { signal } = new AbortController();
    const appended = await Promise.all(
      sessions.map((session) =>
        storage.staging.append(session, inPieces(body), {
          ...{ expected: body.length, resumable: true, signal },
        }),
      ),
    );
    clearInterval(turning);

    expect(appended.map(({ offset }) => offset)).toEqual([body.length, body.length]);
    // Otherwise all writes of the second after a look at the disk's space would: four or more.
    expect(heldMs).toBeLessThan(2.5 * writeMs);
  },
);
