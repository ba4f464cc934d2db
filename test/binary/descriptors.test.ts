// Descriptors run out: requests are told to come back, nothing turns read-only, nothing spins, and all of it passes.
import { expect } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { breadboxBinary, type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { randomBytes } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { Connection } from "../support/connection.ts";
import { tempFolder, waitFor } from "../support/processes.ts";
import { createBucket, uploadInParts } from "../support/rawObjects.ts";
import { prepareUpload, pullAndHash, uploadInPatch } from "../support/rawUploads.ts";
import type { Scope } from "../support/scope.ts";
import { stall } from "../support/stalled.ts";

const limit = 120;
const block = randomBytes("descriptors", 65_536);
const blob = (seed: string) => prepareUpload(randomBytes(seed, 32), block, 300_000);

/** The executable with `limit` descriptors. */
async function startLimited(scope: Scope): Promise<RunningRegistry> {
  const script = join(tempFolder(scope, "limited"), "breadbox");
  await Bun.write(script, `#!/bin/sh\nulimit -n ${limit}\nexec ${await breadboxBinary()} "$@"\n`);
  chmodSync(script, 0o755);
  return startBreadbox(scope, { binary: script });
}

/** Blobs are uploaded one after the other for so long, whatever comes back. @returns the statuses; 0 for a connection that broke. */
async function pushFor(ms: number, url: string, seed: string): Promise<Set<number>> {
  const statuses = new Set<number>();
  const end = performance.now() + ms;
  for (let count = 0; performance.now() < end; count += 1) {
    const bytes = randomBytes(`${seed}/${count}`, 300_000);
    const digest = `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;
    const address = `${url}/v2/team/app/blobs/uploads/?digest=${digest}`;
    const signal = AbortSignal.timeout(1_000);
    const status = await fetch(address, { method: "POST", body: bytes, keepalive: false, signal })
      .then((response) => response.status)
      .catch(() => 0);
    statuses.add(status);
    if (status !== 201) await Bun.sleep(20);
  }
  return statuses;
}

/** A push, a pull, an object in parts and a collection. */
async function useEverything({ port, url }: RunningRegistry): Promise<void> {
  const content = blob("afterwards");
  const connection = await Connection.open(port);
  await uploadInPatch(connection, "team/app", content);
  expect((await pullAndHash(connection, "team/app", content.digest)).digest).toBe(content.digest);
  await createBucket(connection, "backups");
  connection.close();
  const sizes = { size: 300_000, partSize: 65_536 };
  await uploadInParts(port, { bucket: "backups", object: "a", ...sizes, lanes: 2, block });
  const started = await fetch(`${url}/v1/gc`, { method: "POST" });
  expect(started.status).toBe(202);
  const address = new URL(started.headers.get("location") ?? "", url);
  await waitFor("the collection", async () =>
    /"state":\s*"done"/.test(await (await fetch(address)).text()),
  );
}

const halfHead = () => "GET /v2/ HTTP/1.1\r\nHost: 127.0.0.1\r\n";

clientTest(
  "a server without a free descriptor neither spins nor turns read-only, and works again when some are free",
  { commands: ["sh"], timeoutMs: 120_000 },
  async (scope) => {
    const registry = await startLimited(scope);
    const pushers = Array.from({ length: 6 }, (_, each) =>
      pushFor(5_000, registry.url, `pusher/${each}`),
    );
    await Bun.sleep(1_000);
    const idle = [await stall(scope, registry.port, 200, halfHead)];
    const statuses = new Set((await Promise.all(pushers)).flatMap((some) => [...some]));
    idle.push(await stall(scope, registry.port, 200, halfHead));
    const before = registry.cpuSeconds();
    await Bun.sleep(3_000);
    const busySeconds = registry.cpuSeconds() - before;
    for (const each of idle) each.close();

    expect([...statuses].filter((status) => ![0, 201, 503].includes(status))).toEqual([]);
    // A thread that spins has nearly all of them.
    expect(busySeconds).toBeLessThan(1);
    await waitFor("an answer", async () => {
      const signal = AbortSignal.timeout(1_000);
      const answer = await fetch(`${registry.url}/readyz`, { signal }).catch(() => null);
      return answer?.status === 200;
    });
    await useEverything(registry);
    expect(registry.hasExited()).toBe(false);
  },
);
