// A file that is larger than the memory it is given, by the form of a bucket's page: streamed to the disk, whatever the browser runs.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { startBreadbox } from "../support/binary.ts";
import { run, tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const MiB = 1024 * 1024;

test("a file of 300 MiB is stored by a form in far less memory", async () => {
  await using scope = new Scope();
  const server = await startBreadbox(scope);
  const file = join(tempFolder(scope, "form"), "disk.img");
  await run(["dd", "if=/dev/urandom", `of=${file}`, "bs=1M", "count=300", "status=none"]);
  await run(["curl", "-sS", "-d", "name=backups", `${server.url}/buckets`]);
  const form = (...more: readonly string[]) =>
    run([
      ...["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", ...more],
      ...["-F", `file=@${file}`, `${server.url}/buckets/backups/files?prefix=2026%2F`],
    ]);
  const idle = server.rssBytes();
  server.resetPeakRss();

  expect((await form()).output).toBe("303");

  expect(server.peakRssBytes() - idle).toBeLessThan(120 * MiB);
  const hash = (await run(["sha256sum", file])).output.slice(0, 64);
  const { headers } = await fetch(`${server.url}/v1/buckets/backups/objects/2026/disk.img`, {
    method: "HEAD",
  });
  expect(headers.get("etag")).toBe(`"sha256:${hash}"`);
  // Refused before the file is read.
  expect((await form()).output).toBe("412");
  expect((await form("-F", "replace=on")).output).toBe("303");
}, 120_000);
