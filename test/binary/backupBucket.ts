// A server with a bucket for the backups of others, and a token for it.
import { join } from "node:path";
import { rights } from "../backup/bucketRoom.ts";
import { breadboxBinary, type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { run, tempFolder } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";

/** What backups to a bucket need. */
export interface BackupBucket {
  readonly server: RunningRegistry;
  readonly token: string;
  /** The target, without its login. */
  readonly url: string;
  /** With it. @param host of a proxy in front. */
  target(host?: string): string;
}

/** Starts it, with the bucket `backups`. @param data where its data directory is. */
export async function startBackupBucket(
  scope: Scope,
  data = join(tempFolder(scope, "other"), "data"),
): Promise<BackupBucket> {
  const server = await startBreadbox(scope, { data });
  const made = await fetch(`${server.url}/v1/buckets`, {
    method: "POST",
    body: '{"name":"backups"}',
  });
  if (made.status !== 201) throw new Error(`POST /v1/buckets: ${made.status}`);
  const grants = rights.prune.flatMap((grant) => ["--grant", grant]);
  const command = [await breadboxBinary(), "token", "create", "backup", ...grants];
  const { stdout } = await run([...command, "--data", server.data]);
  const token = /bbx_\w+/.exec(stdout)?.[0] ?? "";
  return {
    ...{ server, token, url: `${server.url}/backups` },
    target: (host = server.host) => `http://token:${token}@${host}/backups`,
  };
}
