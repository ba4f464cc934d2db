// Two executables over one PostgreSQL database and one bucket, which is a strict S3 server in memory.
import type { BucketOptions } from "../../src/storage/s3/client.ts";
import { type RunningRegistry, startBreadbox } from "./binary.ts";
import { FakeS3 } from "./fakeS3.ts";
import { type PostgresServer, startPostgres } from "./postgres.ts";
import { bucketEnvironment } from "./s3Server.ts";
import type { Scope } from "./scope.ts";

/** What a test works with. */
export interface Replicas {
  readonly a: RunningRegistry;
  readonly b: RunningRegistry;
  readonly database: PostgresServer;
  readonly bucket: FakeS3;
  /** What a further replica or a command needs. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts both. @param settings further variables of the environment. @param own those of one of them. */
export async function startReplicas(
  scope: Scope,
  settings: Readonly<Record<string, string>> = {},
  own: { readonly a?: Record<string, string>; readonly b?: Record<string, string> } = {},
): Promise<Replicas> {
  const database = await startPostgres(scope);
  const bucket = new FakeS3();
  scope.defer(() => bucket.stop());
  const url = await database.createDatabase("replicas");
  const env = { ...replicaEnvironment(url, bucket.bucket), ...settings };
  const a = await startBreadbox(scope, { env: { ...env, ...own.a } });
  const b = await startBreadbox(scope, { env: { ...env, ...own.b } });
  return { a, b, database, bucket, env };
}

/** The variables of a replica. @param database its address. */
export const replicaEnvironment = (
  database: string,
  bucket: BucketOptions,
): Record<string, string> => ({
  BREADBOX_DATABASE_URL: database,
  ...bucketEnvironment(bucket),
});
