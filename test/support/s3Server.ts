// An S3 server of a test, whoever made it: where it is, and how it is stopped and started.
import { afterAll, test } from "bun:test";
import type { BucketOptions } from "../../src/storage/s3/client.ts";
import { missing, type Needs } from "./clientTest.ts";
import type { RunningProcess } from "./processes.ts";
import { Scope } from "./scope.ts";

/** A real S3 server with one empty bucket. */
export interface S3Server {
  readonly name: string;
  readonly bucket: BucketOptions;
  /** The process that answers. */
  process(): RunningProcess;
  /** Starts it again over the same bytes, at the same address. */
  restart(): Promise<void>;
}

/** Options for a bucket called `bucket` at a port of this machine. */
export function localBucket(port: number): BucketOptions {
  return {
    ...{ endpoint: `http://127.0.0.1:${port}`, region: "us-east-1", bucket: "bucket" },
    ...{ prefix: "", pathStyle: true, checksums: true },
    credentials: { accessKeyId: "breadbox", secretAccessKey: "bread-and-butter" },
  };
}

/** The variables that make an executable use a bucket. */
export function bucketEnvironment({ bucket, endpoint, credentials }: BucketOptions) {
  return {
    BREADBOX_STORAGE_S3_BUCKET: bucket,
    BREADBOX_STORAGE_S3_ENDPOINT: endpoint ?? "",
    BREADBOX_STORAGE_S3_ACCESS_KEY_ID: credentials?.accessKeyId ?? "",
    BREADBOX_STORAGE_S3_SECRET_ACCESS_KEY: credentials?.secretAccessKey ?? "",
  };
}

/** Whether anything answers HTTP at a port of this machine. */
export async function answersHttp(port: number): Promise<boolean> {
  try {
    await (await fetch(`http://127.0.0.1:${port}/`, { keepalive: false })).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

/** Runs a suite on a server; where the server cannot be had, says why. With CI set that fails. */
export async function onServer(
  name: string,
  needs: Needs,
  start: (scope: Scope) => Promise<S3Server>,
  suite: (server: S3Server) => void,
): Promise<void> {
  const why = missing(needs);
  if (why === null) {
    const scope = new Scope();
    afterAll(() => scope.close());
    suite(await start(scope));
    return;
  }
  const sentence = `what runs on ${name}`;
  console.warn(`skipped: ${why}: ${sentence}`);
  if (process.env["CI"]) {
    test(sentence, () => {
      throw new Error(`skipped: ${why}`);
    });
    return;
  }
  test.skip(`${sentence} (skipped: ${why})`, () => {});
}
