// Files that were deleted while a server runs give their space back: nothing keeps them open.
import { expect } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { breadboxBinary, startBreadbox } from "../support/binary.ts";
import { randomBytes } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { run, waitFor } from "../support/processes.ts";

const mebibyte = 2 ** 20;

/** What a process has open below a folder. */
function openBelow(pid: number, folder: string): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => {
    try {
      const path = readlinkSync(`/proc/${pid}/fd/${descriptor}`);
      return path.startsWith(folder) ? [path] : [];
    } catch {
      return [];
    }
  });
}

async function begin(url: string): Promise<string> {
  const begun = await fetch(`${url}/v2/team/app/blobs/uploads/`, { method: "POST" });
  return new URL(begun.headers.get("location") ?? "", url).href;
}

/** @returns where the next request goes. */
async function patch(address: string, body: Uint8Array): Promise<string> {
  const headers = { "Content-Type": "application/octet-stream" };
  const answer = await fetch(address, { method: "PATCH", body, headers });
  expect(answer.status).toBe(202);
  return new URL(answer.headers.get("location") ?? "", address).href;
}

clientTest(
  "uploads that a command deletes while the server runs give their space back within seconds",
  { commands: [], timeoutMs: 60_000 },
  async (scope) => {
    const { pid, url, data } = await startBreadbox(scope);
    const binary = await breadboxBinary();
    for (let count = 0; count < 3; count += 1) {
      await patch(await begin(url), randomBytes(`deleted/${count}`, 3 * mebibyte));
    }

    await run([binary, "uploads", "rm", "--all", "--yes", "--data", data]);

    await waitFor(
      "the deleted files to be closed",
      () => openBelow(pid, data).every((path) => !path.endsWith("(deleted)")),
      {
        timeoutMs: 15_000,
        explain: () => openBelow(pid, data).join("\n"),
      },
    );
  },
);

clientTest(
  "an upload goes on after its file was closed for want of reads",
  { commands: [], timeoutMs: 60_000 },
  async (scope) => {
    const { pid, url, data } = await startBreadbox(scope);
    const bytes = randomBytes("goes on", 6 * mebibyte);
    const address = await patch(await begin(url), bytes.subarray(0, 3 * mebibyte));
    const isOpen = () => openBelow(pid, `${data}/uploads`).length > 0;
    await waitFor("the staged file to be closed", () => !isOpen(), { timeoutMs: 15_000 });

    const closing = new URL(await patch(address, bytes.subarray(3 * mebibyte)));
    const hex = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
    closing.searchParams.set("digest", `sha256:${hex}`);

    expect((await fetch(closing, { method: "PUT" })).status).toBe(201);
  },
);
