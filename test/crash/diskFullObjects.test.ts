// Objects on a disk with 64 MiB: one that does not fit is refused and leaves nothing, whatever is there stays, and room made by the
// operator is used without a restart.
import { expect } from "bun:test";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomBytes } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { Connection } from "../support/connection.ts";
import { type Prepared, prepareUpload } from "../support/rawUploads.ts";
import { freeBytes, mountSmallDisk } from "../support/smallDisk.ts";
import { startRegistry } from "../support/startRegistry.ts";

const mebibyte = 2 ** 20;
const block = randomBytes("disk full of objects", mebibyte);
const content = (seed: string, size: number) => prepareUpload(randomBytes(seed, 32), block, size);

for (const [how, chunked] of [
  ["announces its length", false],
  ["does not announce its length", true],
] as const) {
  clientTest(
    `a full disk refuses an object that does not fit and ${how}, and nothing else`,
    { commands: ["mount", "umount"], root: true },
    async (scope) => {
      const disk = await mountSmallDisk(scope);
      const filler = join(disk, "filler");
      writeFileSync(filler, Buffer.alloc(20 * mebibyte));
      const data = join(disk, "data");
      const { port } = await startRegistry(scope, { data });
      /** On a connection of its own: the server may close it after a refusal. */
      const ask = async (method: string, path: string, body?: Prepared["body"]) => {
        const connection = await Connection.open(port);
        try {
          return await connection.ask({ method, path, ...(body && { body, chunked }) });
        } finally {
          connection.close();
        }
      };
      const object = "/v1/buckets/backups/objects/it";
      const etag = async (): Promise<string | null> => {
        const answer = await fetch(`http://127.0.0.1:${port}${object}`, { method: "HEAD" });
        return answer.headers.get("etag");
      };
      const created = await fetch(`http://127.0.0.1:${port}/v1/buckets`, {
        method: "POST",
        body: '{"name":"backups"}',
      });
      expect(created.status).toBe(201);
      const kept = content("kept", 14 * mebibyte);
      const large = content("large", 36 * mebibyte);
      expect((await ask("PUT", object, kept.body)).status).toBe(201);
      const freeBefore = freeBytes(disk);

      const refused = await ask("PUT", object, large.body);

      expect(refused.status).toBe(413);
      expect(JSON.parse(refused.excerpt)).toMatchObject({ errors: [{ code: "UNAVAILABLE" }] });
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(readdirSync(join(data, "tmp", "multipart"))).toEqual([]);
      expect(freeBytes(disk)).toBeGreaterThan(freeBefore - mebibyte);
      expect(await etag()).toBe(`"${kept.digest}"`);

      rmSync(filler);
      expect((await ask("PUT", object, large.body)).status).toBe(200);
      expect(await etag()).toBe(`"${large.digest}"`);
    },
  );
}
