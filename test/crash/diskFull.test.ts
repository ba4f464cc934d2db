// A disk with 64 MiB: what does not fit is refused in the protocol's words, everything else goes on, and room made by
// the operator is used without a restart.
import { expect } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomBytes } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { type Answer, Connection } from "../support/connection.ts";
import { type Prepared, prepareUpload, pullAndHash, uploadInPatch } from "../support/rawUploads.ts";
import { freeBytes, mountSmallDisk } from "../support/smallDisk.ts";
import { startRegistry } from "../support/startRegistry.ts";

const mebibyte = 2 ** 20;
const block = randomBytes("disk full", mebibyte);
const blob = (seed: string, size: number) => prepareUpload(randomBytes(seed, 32), block, size);

/** One PATCH on a connection of its own: the server may close it after a refusal. */
async function patch(
  port: number,
  name: string,
  { body, chunked }: Prepared & { readonly chunked: boolean },
): Promise<Answer> {
  const connection = await Connection.open(port);
  try {
    const session = await connection.ask({ method: "POST", path: `/v2/${name}/blobs/uploads/` });
    const path = session.headers.get("location") ?? "";
    return await connection.ask({ method: "PATCH", path, body, chunked });
  } finally {
    connection.close();
  }
}

async function push(port: number, name: string, content: Prepared): Promise<void> {
  const connection = await Connection.open(port);
  await uploadInPatch(connection, name, content);
  connection.close();
}

async function pulledDigest(port: number, name: string, { digest }: Prepared): Promise<string> {
  const connection = await Connection.open(port);
  const pulled = await pullAndHash(connection, name, digest);
  connection.close();
  return pulled.digest;
}

for (const [how, chunked] of [
  ["announces its length", false],
  ["does not announce its length", true],
] as const) {
  clientTest(
    `a full disk refuses a push that does not fit and ${how}, and nothing else`,
    { commands: ["mount", "umount"], root: true },
    async (scope) => {
      const disk = await mountSmallDisk(scope);
      const filler = join(disk, "filler");
      writeFileSync(filler, Buffer.alloc(20 * mebibyte));
      const { port } = await startRegistry(scope, { data: join(disk, "data") });
      const kept = blob("kept", 14 * mebibyte);
      const small = blob("small", mebibyte);
      const large = blob("large", 36 * mebibyte);
      await push(port, "team/app", kept);
      const freeBefore = freeBytes(disk);

      const refused = await patch(port, "team/app", { ...large, chunked });

      expect(refused.status).toBe(413);
      expect(JSON.parse(refused.excerpt)).toMatchObject({ errors: [{ code: "UNAVAILABLE" }] });
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(refused.headers.get("content-type")).toStartWith("application/json");
      // The staged bytes of the refused request are gone again; the database's log may have grown a little.
      expect(freeBytes(disk)).toBeGreaterThan(freeBefore - mebibyte);
      expect(await pulledDigest(port, "team/app", kept)).toBe(kept.digest);
      await push(port, "team/app", small);

      rmSync(filler);
      await push(port, "team/app", large);

      for (const each of [kept, small, large]) {
        expect(await pulledDigest(port, "team/app", each)).toBe(each.digest);
      }
    },
  );
}
