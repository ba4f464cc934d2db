// Config → opened ports and wired rooms. The one file that knows all rooms.
import type { Config } from "./config/settings.ts";
import type { Log } from "./telemetry/log.ts";

/** A server that answers. */
export interface RunningServer {
  /** Where clients on this machine reach it, such as `http://localhost:5000`. */
  readonly url: string;
  /** Every URL at which it can be reached. */
  readonly addresses: readonly string[];
  /** From the start of the process until it answered, in ms. */
  readonly readyMs: number;
  readonly log: Pick<Log, "info" | "warn">;
  /** Pushes and pulls that are running now. */
  transfers(): number;
  /** Takes no new requests, waits for running transfers (`http.shutdownGrace` at most), closes everything. */
  stop(reason: string): Promise<void>;
}

/** Opens everything and answers requests when it resolves. @throws what cannot be opened, with nothing left open. */
export async function startServer(_config: Config): Promise<RunningServer> {
  throw new Error("not wired yet");
}
