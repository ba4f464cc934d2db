// The order of docs/BACKUP.md with PostgreSQL: pg_dump first, then the bytes, while images are pushed. Both are restored, and fit.

import { expect } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { breadboxBinary, startBreadbox } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { versitygw } from "../support/goPrograms.ts";
import { goToolNeeds } from "../support/goTools.ts";
import { buildImage, pullAll, pushImage } from "../support/images.ts";
import { postgresIsMissing, startPostgres } from "../support/postgres.ts";
import { run, tempFolder } from "../support/processes.ts";
import { bucketEnvironment, type S3Server } from "../support/s3Server.ts";
import type { Scope } from "../support/scope.ts";
import { startVersitygw } from "../support/versitygw.ts";

/** Where the bytes are: variables of the server, of the restored one, and what copies them as an operator does. */
interface Bytes {
  readonly env: Record<string, string>;
  readonly restoredEnv: Record<string, string>;
  copy(from: string, to: string): Promise<void>;
}

const clientOf = ({ bucket: { endpoint, region, credentials } }: S3Server): S3Client =>
  new S3Client({
    ...{ region, forcePathStyle: true },
    ...(endpoint !== null && { endpoint }),
    ...(credentials !== null && { credentials }),
  });

/** Object by object, in the order of a list: what is added behind is copied, what is added before is not. */
async function copyBucket(from: S3Server, to: S3Server): Promise<void> {
  const [source, target] = [clientOf(from), clientOf(to)];
  const Bucket = from.bucket.bucket;
  for (let ContinuationToken: string | undefined; ; ) {
    const page = await source.send(new ListObjectsV2Command({ Bucket, ContinuationToken }));
    for (const { Key } of page.Contents ?? []) {
      const { Body } = await source.send(new GetObjectCommand({ Bucket, Key }));
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
      await target.send(new PutObjectCommand({ Bucket: to.bucket.bucket, Key, Body: bytes }));
    }
    ContinuationToken = page.NextContinuationToken;
    if (ContinuationToken === undefined) return;
  }
}

const needs = { commands: ["pg_dump", "psql"], reason: postgresIsMissing, timeoutMs: 240_000 };
const kinds = {
  "the blobs": {
    needs,
    open: async (): Promise<Bytes> => ({
      ...{ env: {}, restoredEnv: {} },
      copy: async (from, to) => {
        await run(["cp", "-a", join(from, "blobs"), join(from, "format"), to]);
      },
    }),
  },
  "the bucket": {
    needs: {
      ...{ ...needs, timeoutMs: 600_000 },
      reason: () => postgresIsMissing() ?? goToolNeeds(versitygw).reason(),
    },
    open: async (scope: Scope): Promise<Bytes> => {
      const [bytes, copy] = [await startVersitygw(scope), await startVersitygw(scope)];
      return {
        env: bucketEnvironment(bytes.bucket),
        restoredEnv: bucketEnvironment(copy.bucket),
        copy: () => copyBucket(bytes, copy),
      };
    },
  },
};

for (const [kind, { needs: needed, open }] of Object.entries(kinds)) {
  clientTest(
    `a dump of the database and then a copy of ${kind}, while images are pushed, restore to a store that fsck finds nothing wrong with`,
    needed,
    async (scope) => {
      const bytes = await open(scope);
      const postgres = await startPostgres(scope);
      const url = await postgres.createDatabase("registry");
      const server = await startBreadbox(scope, {
        env: { BREADBOX_DATABASE_URL: url, ...bytes.env },
      });
      const imageOf = (tag: string) => buildImage({ seed: tag, layerSizes: [40_000, 90] });
      let [isOver, pushed] = [false, 0];
      const push = async (repository: string, tag: string): Promise<void> =>
        pushImage(`${server.url}/v2/${repository}`, tag, imageOf(`${repository} ${tag}`));
      const tags = Array.from({ length: 10 }, (_, place) => `t${place}`);
      for (const tag of tags) await push("team/kept", tag);
      const pushes = (async () => {
        while (!isOver) {
          await push("team/busy", `t${pushed}`);
          pushed += 1;
        }
      })();
      const before = pushed;
      const folder = tempFolder(scope, "restored");
      const data = join(folder, "data");
      mkdirSync(data, { mode: 0o700 });

      await run(["pg_dump", "--no-owner", "--file", join(folder, "rows.sql"), url]);
      await bytes.copy(server.data, data);

      isOver = true;
      await pushes;
      const copy = await postgres.createDatabase("restored");
      await run(["psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", join(folder, "rows.sql"), copy]);
      const env = { BREADBOX_DATABASE_URL: copy, ...bytes.restoredEnv };
      const restored = await startBreadbox(scope, { data, env });
      for (const tag of tags) await pullAll(`${restored.url}/v2/team/kept`, tag);
      const binary = await breadboxBinary();
      const fsck = async (...more: readonly string[]) => {
        const command = [binary, "fsck", "--full", "--json", ...more, "--data", data];
        return JSON.parse((await run(command, { env, mayFail: true })).stdout);
      };
      // Of uploads that were open in that moment only the rows were taken: their clients start again.
      const { findings } = await fsck("--repair");
      const problems = findings.filter((each: { severity: string }) => each.severity === "problem");
      const ofOthers = problems.filter(
        (each: { text: string }) => !each.text.startsWith("upload "),
      );
      expect(ofOthers).toEqual([]);
      expect(await fsck()).toMatchObject({ clean: true, full: true });
      expect(pushed).toBeGreaterThan(before);
      const refused = await run([binary, "backup", join(folder, "target"), "--data", data], {
        ...{ env, mayFail: true },
      });
      expect([refused.code, refused.output]).toEqual([1, expect.stringContaining("pg_dump first")]);
    },
  );
}
