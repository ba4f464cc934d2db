// Memory of the executable over a bucket that stops answering for a while: one large upload, and many at once.
import { expect } from "bun:test";
import { type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { versitygw } from "../support/goPrograms.ts";
import { goToolNeeds } from "../support/goTools.ts";
import { bucketEnvironment, type S3Server } from "../support/s3Server.ts";
import { startVersitygw } from "../support/versitygw.ts";

const MiB = 1024 * 1024;
const frozenMs = 6_000;

async function* zeros(mebibytes: number): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < mebibytes; sent += 1) yield new Uint8Array(MiB);
}

async function upload({ url }: RunningRegistry, mebibytes: number): Promise<number> {
  const begun = await fetch(`${url}/v2/app/blobs/uploads/`, { method: "POST" });
  const path = new URL(begun.headers.get("location") ?? "", url).pathname;
  const sent = await fetch(url + path, { method: "PATCH", body: zeros(mebibytes) });
  await fetch(url + path, { method: "DELETE" });
  return sent.status;
}

async function freeze(server: S3Server): Promise<void> {
  const { pid } = server.process();
  await Bun.sleep(500);
  process.kill(pid, "SIGSTOP");
  await Bun.sleep(frozenMs);
  process.kill(pid, "SIGCONT");
}

const cases = [
  { name: "one upload of 512 MiB", count: 1, size: 512, most: 160 * MiB },
  { name: "32 uploads of 16 MiB", count: 32, size: 16, most: 400 * MiB },
];

for (const { name, count, size, most } of cases) {
  const sentence = `memory is bounded while S3 stands still: ${name}`;
  clientTest(sentence, goToolNeeds(versitygw), async (scope) => {
    const server = await startVersitygw(scope);
    const registry = await startBreadbox(scope, { env: bucketEnvironment(server.bucket) });
    // What runs once is not the uploads'.
    await upload(registry, 1);
    const idle = registry.rssBytes();
    registry.resetPeakRss();

    const uploads = Array.from({ length: count }, () => upload(registry, size));
    await freeze(server);

    expect(new Set(await Promise.all(uploads))).toEqual(new Set([202]));
    expect(registry.peakRssBytes() - idle).toBeLessThan(most);
  });
}
