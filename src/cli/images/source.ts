// Where commands about images look: into the data directory, while a server is running or not; or with --server, at a server.

import type { Client } from "../../client/client.ts";
import { processEnvironment, SERVER_VARIABLE } from "../../config/environment.ts";
import { RegistryError } from "../../errors.ts";
import type { ImageSource } from "../../images/imagesTool.ts";
import type { Tool } from "../../tool.ts";
import { withServer } from "../bucket/session.ts";
import { exitCode } from "../exitCode.ts";
import { complain } from "../print.ts";
import { type Options, textOf } from "../settingFlags.ts";
import { withTool } from "../withTool.ts";
import { remoteSource } from "./remote.ts";

/** Runs `work` on the source of images that is meant. @param command for the help it points to. @throws ConfigError */
export const withImages = (
  command: string,
  options: Options,
  work: (source: ImageSource) => Promise<number>,
): Promise<number> =>
  withSource(command, options, { local: ({ images }) => images, remote: remoteSource }, work);

/** A source, by where it is. */
interface Sources<S> {
  readonly local: (tool: Tool) => S;
  readonly remote: (client: Client) => S;
  /** Runs before a failure is printed, too. */
  readonly always?: () => void;
}

/** Runs `work` on the source that is meant. @param command for the help it points to. @throws ConfigError */
export function withSource<S>(
  command: string,
  options: Options,
  { local, remote, always }: Sources<S>,
  work: (source: S) => Promise<number>,
): Promise<number> {
  const isNamed = textOf(options, "server") !== undefined;
  const variable = processEnvironment()[SERVER_VARIABLE] ?? "";
  // A directory that is named is meant, whatever the variable says.
  const isRemote = isNamed || (variable !== "" && textOf(options, "data") === undefined);
  if (isRemote) return withServer(command, options, (client) => work(remote(client)));
  const use = async (tool: Tool) => {
    try {
      return await work(local(tool));
    } catch (error) {
      // What the API would answer with: its message says what to do.
      if (!(error instanceof RegistryError) || error.isServerSide) throw error;
      always?.();
      complain(error.message);
      return exitCode.failed;
    }
  };
  return withTool(options, use, always);
}

/** A mistake in the words of a command. @returns the exit code. */
export function misused(command: string, message: string): number {
  complain(`error: ${message}\nRun "breadbox ${command} --help" for usage.`);
  return exitCode.badUsage;
}
