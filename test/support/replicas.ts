// Two executables over one PostgreSQL database and one bucket, which is a strict S3 server in memory.
import { type RunningRegistry, startBreadbox } from "./binary.ts";
import { FakeS3 } from "./fakeS3.ts";
import { type PostgresServer, startPostgres } from "./postgres.ts";
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

/** Starts both. @param settings further variables of the environment. */
export async function startReplicas(
  scope: Scope,
  settings: Readonly<Record<string, string>> = {},
): Promise<Replicas> {
  const database = await startPostgres(scope);
  const bucket = new FakeS3();
  scope.defer(() => bucket.stop());
  const { accessKeyId = "", secretAccessKey = "" } = bucket.bucket.credentials ?? {};
  const env = {
    BREADBOX_DATABASE_URL: await database.createDatabase("replicas"),
    BREADBOX_STORAGE_S3_BUCKET: bucket.bucket.bucket,
    BREADBOX_STORAGE_S3_ENDPOINT: bucket.bucket.endpoint ?? "",
    BREADBOX_STORAGE_S3_ACCESS_KEY_ID: accessKeyId,
    BREADBOX_STORAGE_S3_SECRET_ACCESS_KEY: secretAccessKey,
    ...settings,
  };
  const a = await startBreadbox(scope, { env });
  return { a, b: await startBreadbox(scope, { env }), database, bucket, env };
}
