// versitygw: an S3 server over a folder, built with Go.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { versitygw } from "./goPrograms.ts";
import { goTool } from "./goTools.ts";
import { freePort, startProcess, tempFolder, waitFor } from "./processes.ts";
import { answersHttp, localBucket, type S3Server } from "./s3Server.ts";
import type { Scope } from "./scope.ts";

/** Starts it in a temporary folder, its `folder`, which must be on a file system with extended attributes. */
export async function startVersitygw(
  scope: Scope,
): Promise<S3Server & { readonly folder: string }> {
  const program = await goTool(versitygw);
  const folder = tempFolder(scope, "versitygw");
  const port = freePort();
  mkdirSync(join(folder, "root", "bucket"), { recursive: true });
  const bucket = localBucket(port);
  const { accessKeyId = "", secretAccessKey = "" } = bucket.credentials ?? {};
  const command = [
    ...[program, "--port", `127.0.0.1:${port}`, "--access", accessKeyId],
    ...["--secret", secretAccessKey, "--quiet", "--keep-alive", "posix", join(folder, "root")],
  ];
  const start = async () => {
    const process = startProcess(scope, command, { log: join(folder, "log") });
    await waitFor("versitygw", () => answersHttp(port), { explain: process.logs });
    return process;
  };
  let current = await start();
  const restart = async () => {
    current = await start();
  };
  return { name: "versitygw", bucket, process: () => current, restart, folder };
}
