// Shared by every `breadbox bucket` command: its server, and errors as sentences.

import { NameError } from "../../client/address.ts";
import { Client } from "../../client/client.ts";
import {
  CommandError,
  LineError,
  lineText,
  RefusedError,
  refusedText,
  StoppedError,
} from "../../client/problems.ts";
import { processEnvironment, SERVER_VARIABLE } from "../../config/environment.ts";
import { type ServerAddress, serverAddress, withoutLogin } from "../../config/server.ts";
import { type Kind, ValueError } from "../../config/values.ts";
import { exitCode } from "../exitCode.ts";
import { findLocalServer, type LocalServer } from "../localServer.ts";
import { complain } from "../print.ts";
import { loadFrom, type Options, textOf } from "../settingFlags.ts";

/** A mistake in the command line. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Runs `work` with a client of the server that is meant. @param command for the help it points to. @throws ConfigError */
export async function withServer(
  command: string,
  options: Options,
  work: (client: Client) => Promise<number>,
): Promise<number> {
  let url = "";
  try {
    const client = new Client(await findServer(options));
    url = client.url;
    return await work(client);
  } catch (error) {
    const told = explain(error, url);
    if (told === null) throw error;
    if (told.code === exitCode.badUsage) {
      complain(`error: ${told.text}\nRun "breadbox ${command} --help" for usage.`);
    } else if (told.text !== "") {
      complain(told.text);
    }
    return told.code;
  }
}

interface Told {
  readonly text: string;
  readonly code: number;
}

/** @returns null for a bug. */
function explain(error: unknown, url: string): Told | null {
  if (error instanceof UsageError || error instanceof NameError) {
    return { text: error.message, code: exitCode.badUsage };
  }
  if (error instanceof StoppedError) {
    return { text: "", code: error.signal === "SIGINT" ? 130 : 143 };
  }
  const text = sentenceOf(error, url);
  return text === null ? null : { text, code: exitCode.failed };
}

/** The sentence for an error; null for a bug. @param url of the server. */
export function sentenceOf(error: unknown, url: string): string | null {
  if (error instanceof CommandError) return error.message;
  if (error instanceof LineError) return lineText(error, url);
  return error instanceof RefusedError ? refusedText(error, url) : null;
}

/** `--server`, else the variable, else where the configuration says that a server listens. @throws UsageError, ConfigError */
async function findServer(options: Options): Promise<ServerAddress | LocalServer> {
  const given = readOption(serverAddress, "--server", textOf(options, "server"));
  if (given !== null) return given;
  const named = processEnvironment()[SERVER_VARIABLE];
  const fromVariable = readOption(serverAddress, SERVER_VARIABLE, named === "" ? undefined : named);
  if (fromVariable !== null) return fromVariable;
  const { config } = await loadFrom(options);
  const local = findLocalServer(config);
  if (local !== null) return local;
  throw new UsageError(
    "http.listen takes any free port, so the server's port is not known: name it with --server URL.",
  );
}

/** @returns null when it was not given. @throws UsageError */
export function readOption<T>(kind: Kind<T>, name: string, text: string | undefined): T | null {
  if (text === undefined) return null;
  try {
    return kind.parse(text);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new UsageError(`${name}: ${JSON.stringify(withoutLogin(text))} ${error.message}`);
  }
}
