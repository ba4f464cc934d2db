// Why a command could not do its work, as sentences that say what to do. No stacks: they are for bugs, at log level debug.
import { access, constants } from "node:fs/promises";
import { type ListenAddress, showListenAddress } from "../config/listen.ts";
import { ConfigError } from "../config/problem.ts";
import type { Config } from "../config/settings.ts";
import { exitCode } from "./exitCode.ts";
import { findPortHolder } from "./portHolder.ts";

/** The message to print, and the exit code. */
export interface Failure {
  readonly message: string;
  readonly code: number;
}

/** Configuration problems, one a line, and what to do next. */
export function explainConfig(error: ConfigError): Failure {
  const count = error.problems.length;
  const heading =
    count === 1 ? "The configuration has a mistake:" : `The configuration has ${count} mistakes:`;
  const lines = error.message.split("\n").map((line) => `  ${line}`);
  return { message: [heading, ...lines].join("\n"), code: exitCode.badConfig };
}

/** Errors whose message is already written for the operator, by name, with their exit code. */
const readyMessages = new Map<string, number>([
  ["DirectoryBusyError", exitCode.directoryBusy],
  ["SchemaTooNewError", exitCode.failed],
  ["SchemaTooOldError", exitCode.failed],
  ["NotSavedError", exitCode.failed],
  ["StoreMismatchError", exitCode.failed],
  ["ForeignStoreError", exitCode.failed],
  ["DatabaseDamagedError", exitCode.failed],
  ["SqliteTooOldError", exitCode.failed],
  ["NoStoreError", exitCode.failed],
  ["CertificateError", exitCode.failed],
  ["BucketError", exitCode.failed],
  ["ClockDoubtedError", exitCode.failed],
  ["SourceError", exitCode.failed],
  ["MigrateError", exitCode.failed],
  ["BackupError", exitCode.failed],
  ["DatabaseUnfitError", exitCode.failed],
  ["AccessInputError", exitCode.badUsage],
]);

/** Turns anything that was thrown while starting into a message. */
export async function explainStart(error: unknown, config: Config): Promise<Failure> {
  if (error instanceof ConfigError) return explainConfig(error);
  if (!(error instanceof Error)) return unexpected(String(error));
  const ready = readyMessages.get(error.name);
  if (ready !== undefined) return { message: error.message, code: ready };
  const code = "code" in error ? String(error.code) : "";
  const listening = "syscall" in error && error.syscall === "listen";
  const known = listening
    ? await explainListen(code, config["http.listen"])
    : await explainDirectory(code, error, config.data);
  if (known !== null) return known;
  const detailed = config["log.level"] === "debug" || config["log.level"] === "trace";
  if (detailed) return failed(`Breadbox could not start: ${error.stack ?? error.message}`);
  return unexpected(error.message);
}

/** Turns anything that a command threw which works in a data directory into a message. */
export function explainTool(error: unknown, { data }: Pick<Config, "data">): Failure {
  if (!(error instanceof Error)) return failed(`The command failed: ${error}`);
  const ready = readyMessages.get(error.name);
  if (ready !== undefined) return { message: error.message, code: ready };
  const code = "code" in error ? String(error.code) : "";
  if (/^(?:EACCES|EPERM|EROFS|SQLITE_CANTOPEN|SQLITE_READONLY)/.test(code)) {
    return failed(
      `This user may not read and write ${data}. Run the command as the user that the server runs as, and where it runs: in its container, if it has one. As root, a command works as the server's user.`,
    );
  }
  if (code === "ENOTDIR" || code === "EEXIST") {
    return failed(
      `${data} is not a data directory of Breadbox: it, or a part of its path, is a file.`,
    );
  }
  return failed(`The command failed: ${error.message}`);
}

const failed = (message: string): Failure => ({ message, code: exitCode.failed });

const unexpected = (reason: string): Failure =>
  failed(`Breadbox could not start: ${reason}\nFor more detail, set BREADBOX_LOG_LEVEL=debug.`);

async function explainListen(code: string, address: ListenAddress): Promise<Failure | null> {
  const { host } = address;
  const shown = showListenAddress(address);
  // Where the system gives no reason, Bun gives an earlier one or EADDRINUSE: a name without an address is found out here.
  if (host !== "" && !(await hasAddress(host))) {
    return failed(
      `The host name ${host} has no address. Check its spelling, or listen on 127.0.0.1:${address.port} (this machine only) or on :${address.port} (every address).`,
    );
  }
  switch (code) {
    case "EADDRINUSE":
      return { message: portInUse(address), code: exitCode.addressInUse };
    case "EADDRNOTAVAIL":
      return failed(
        `This machine has no address ${shown}. Listen on one it has, on 127.0.0.1:${address.port} (this machine only) or on :${address.port} (every address).`,
      );
    case "EACCES":
      return failed(
        `This user may not listen on port ${address.port}. Ports below 1024 are for root; try: breadbox serve --listen ${showListenAddress({ ...address, port: 5000 })}`,
      );
    default:
      return null;
  }
}

async function hasAddress(host: string): Promise<boolean> {
  try {
    return (await Bun.dns.lookup(host)).length > 0;
  } catch {
    return false;
  }
}

function portInUse(address: ListenAddress): string {
  const holder = findPortHolder(address.port);
  const who = holder === null ? "" : ` (pid ${holder.pid}, ${holder.name})`;
  const other = address.port >= 65_535 ? 5000 : address.port + 1;
  const suggestion = showListenAddress({ ...address, port: other });
  const lines = [
    `Port ${address.port} is in use by another program${who}. Try: breadbox serve --listen ${suggestion}`,
  ];
  if (process.platform === "darwin" && address.port === 5000) {
    lines.push("macOS uses port 5000 for AirPlay; it can be switched off in System Settings.");
  }
  return lines.join("\n");
}

async function explainDirectory(code: string, error: Error, data: string): Promise<Failure | null> {
  const place = "path" in error && typeof error.path === "string" ? error.path : data;
  switch (code) {
    case "EACCES":
    case "EPERM":
      return failed(
        `This user may not write to ${place}.${await ownerOf(data)} Change its owner, or name another data directory: breadbox serve --data DIR`,
      );
    case "SQLITE_CANTOPEN":
    case "SQLITE_READONLY":
    case "SQLITE_READONLY_DIRECTORY":
    case "SQLITE_PERM":
      // A root that may write everywhere finds out by the database only.
      if (await isReadOnly(data)) return explainDirectory("EROFS", error, data);
      return failed(
        `This user may not write the database in ${data}, or something else is in its place.${await ownerOf(data)} Change the owner of everything in it, or name another data directory: breadbox serve --data DIR`,
      );
    case "EROFS":
      return failed(
        `${place} is on a read-only file system. Name another data directory: breadbox serve --data DIR`,
      );
    case "ENOENT":
      return failed(
        `The data directory ${data} cannot be created: the system has no folders at that place. Name another: breadbox serve --data DIR`,
      );
    case "ENOTDIR":
    case "EEXIST":
      return failed(
        `The data directory ${data} cannot be used: it, or a part of its path, is a file. Name another: breadbox serve --data DIR`,
      );
    case "ENOSPC":
    case "EDQUOT":
      return failed(`There is no space left for ${place}. Free some, then start again.`);
    default:
      return null;
  }
}

/** Whether the directory is on a read-only file system. */
const isReadOnly = (directory: string): Promise<boolean> =>
  access(directory, constants.W_OK).then(
    () => false,
    (error: unknown) => error instanceof Error && "code" in error && error.code === "EROFS",
  );

/** A sentence that says whose the directory is, when it is another user's; nothing otherwise. */
async function ownerOf(directory: string): Promise<string> {
  const user = process.getuid?.();
  const found = await Bun.file(directory)
    .stat()
    .catch(() => null);
  if (user === undefined || found === null || found.uid === user) return "";
  return ` ${directory} belongs to user ${found.uid}, and this is user ${user}.`;
}
