// `breadbox serve`: load, start, say so, wait for a signal, drain.

import { statfs } from "node:fs/promises";
import type { LoadedConfig } from "../config/load.ts";
import { commit, version } from "../version.ts";
import type { RunningServer } from "../wiring.ts";
import { banner, openWarnings } from "./banner.ts";
import { exitCode } from "./exitCode.ts";
import { explainStart } from "./failure.ts";
import { complain, print } from "./print.ts";
import { loadFrom, type Options } from "./settingFlags.ts";
import { StopSignals } from "./stopSignals.ts";

/** Serves until a signal stops it. @returns the exit code.
 *  @throws ConfigError */
export async function serve(options: Options): Promise<number> {
  const loaded = await loadFrom(options);
  const onTerminal = process.stdout.isTTY && loaded.config["log.format"] !== "json";
  let server: RunningServer;
  try {
    // Loaded only here: no other command pays for the server's modules.
    const { startServer } = await import("../wiring.ts");
    server = await startServer(loaded.config, onTerminal);
  } catch (error) {
    const { message, code } = await explainStart(error, loaded.config);
    complain(message);
    return code;
  }
  const signals = catchSignals();
  if (onTerminal) print(banner(await factsOf(loaded, server)));
  else logStart(loaded, server);
  const say = onTerminal ? print : (message: string) => server.log.info(message);
  return untilStopped(server, signals, say);
}

/** The facts of the banner on a terminal. */
function logStart(loaded: LoadedConfig, server: RunningServer): void {
  const { log, url } = server;
  const { config, notices } = loaded;
  log.info({ version, commit, url, data: config.data }, "listening");
  for (const message of openWarnings(loaded, server)) log.warn(message);
  for (const { level, message } of notices) log[level](message);
}

async function factsOf(loaded: LoadedConfig, server: RunningServer) {
  const { url, addresses, readyMs, door, setupLink } = server;
  const urls = [...new Set([url, ...addresses])];
  return { loaded, urls, readyMs, door, setupLink, free: await freeSpace(loaded.config.data) };
}

/** Bytes that an unprivileged writer has left; null where the file system does not report them. */
async function freeSpace(directory: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return null;
  }
}

function catchSignals(): StopSignals {
  const signals = new StopSignals(() => performance.now());
  process.on("SIGINT", () => signals.receive("SIGINT"));
  process.on("SIGTERM", () => signals.receive("SIGTERM"));
  return signals;
}

/** 128 + the signal's number, as shells report it. */
const signalCode = { SIGINT: 130, SIGTERM: 143 } as const;

async function untilStopped(
  server: RunningServer,
  signals: StopSignals,
  say: (message: string) => void,
): Promise<number> {
  const reason = await signals.first;
  say(stopText(server.transfers()));
  const drained = server.stop(reason).then(() => exitCode.done);
  return Promise.race([drained, signals.second.then((signal) => signalCode[signal])]);
}

function stopText(transfers: number): string {
  if (transfers === 0) return "Stopping: no transfers are running.";
  const what = transfers === 1 ? "1 running transfer" : `${transfers} running transfers`;
  return `Stopping after ${what}. A second signal (Ctrl+C) stops at once.`;
}
