// regclient's regctl, the client that uploads in real chunks.
import { join } from "node:path";
import type { Tool } from "./containerTools.ts";
import { regctl } from "./goPrograms.ts";
import { goTool, goToolNeeds } from "./goTools.ts";
import { run, tempFolder } from "./processes.ts";
import type { Scope } from "./scope.ts";

/** What a test with regctl needs. */
export const regctlNeeds = goToolNeeds(regctl);

/** Installs regctl where it is not yet; a registry at `host` is reached over plain HTTP.
 *  @param chunks whether blobs go in chunks of 1 MiB instead of one request. */
export async function openRegctl(scope: Scope, host: string, chunks: boolean): Promise<Tool> {
  const program = await goTool(regctl);
  const config = join(tempFolder(scope, "regctl"), "config.json");
  const tool: Tool = (...args) =>
    run([program, ...args], { env: { REGCTL_CONFIG: config }, timeoutMs: 120_000 });
  const chunked = ["--blob-chunk", "1048576", "--blob-max", "1048576"];
  await tool("registry", "set", host, "--tls", "disabled", ...(chunks ? chunked : []));
  return tool;
}
