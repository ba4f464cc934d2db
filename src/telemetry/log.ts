// The log: pino straight to standard output, JSON for machines or readable lines for people. No transports: they need files
// that a single executable does not have.
import pino from "pino";

/** What rooms may do with the log. One line per event; no secrets, no bodies, no request headers. */
export type Log = Pick<pino.Logger, "debug" | "info" | "warn" | "error" | "isLevelEnabled">;

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";

export interface LogOptions {
  readonly level: LogLevel;
  /** `auto` is pretty on a terminal. */
  readonly format: "auto" | "json" | "pretty";
  /** True when standard output is a terminal. */
  readonly terminal: boolean;
}

/** The log and its end. */
export interface OpenedLog {
  readonly log: Log;
  /** Resolves when everything is written. What is logged later is written when the process exits. */
  close(): Promise<void>;
}

/** Longest text of one field; a client decides how long a path or a name is. */
const longestValue = 1024;
const longestStack = 4096;
/** Characters of log text that are worth a write. */
const gatheredLength = 16_384;
const flushEveryMs = 1000;
/** How long the end of the log waits for its last write. */
const patienceMs = 1000;

/** The text, cut when it is longer than a log field may be. */
export function capped(text: string, longest = longestValue): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}

/** Options of the logger itself, whatever it writes to. Long texts are cut where they are logged, not by a hook on every line. */
export function loggerOptions(level: LogLevel): pino.LoggerOptions {
  return {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError },
  };
}

/** An error and what caused it, as plain fields. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return capped(String(error));
  const { name, message, stack, cause } = error;
  return {
    type: name,
    message: capped(message),
    ...(stack !== undefined && { stack: capped(stack, longestStack) }),
    ...("code" in error && { code: capped(String(error.code)) }),
    ...(cause !== undefined && { cause: describeError(cause) }),
  };
}

/**
 * Opens the log on standard output. JSON lines are gathered and written when there are enough of them, at least once a second,
 * and when the process exits.
 */
export async function openLog(options: LogOptions): Promise<OpenedLog> {
  const { level, format, terminal } = options;
  if (format === "pretty" || (format === "auto" && terminal)) return openPretty(level, terminal);
  // Less than a full batch stays in memory until it is flushed: only what is there can be written when the process exits.
  const destination = pino.destination({
    fd: 1,
    sync: false,
    minLength: gatheredLength,
    maxWrite: 4 * gatheredLength,
  });
  // Nobody reads standard output any more: that is no reason to stop serving.
  destination.on("error", () => {});
  const lines = new LineBatch((text) => destination.write(text));
  const finish = () => {
    lines.flush();
    writeNow(destination);
  };
  const timer = setInterval(() => {
    lines.flush();
    destination.flush();
  }, flushEveryMs);
  timer.unref();
  process.on("exit", finish);
  return {
    log: pino(loggerOptions(level), lines),
    close: async () => {
      clearInterval(timer);
      lines.flush();
      const { promise, resolve } = Promise.withResolvers<void>();
      destination.flush(() => resolve());
      // A reader that has stopped reading must not keep the server from ending.
      setTimeout(resolve, patienceMs).unref();
      await promise;
    },
  };
}

/** Gathers lines. Handing each one to the destination costs more than making it. */
export class LineBatch {
  readonly #write: (text: string) => void;
  #lines: string[] = [];
  #length = 0;

  /** @param write takes many whole lines at once. */
  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Adds a line; hands over when enough have gathered. */
  write(line: string): void {
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#length >= gatheredLength) this.flush();
  }

  /** Hands over what has gathered. */
  flush(): void {
    if (this.#lines.length === 0) return;
    const text = this.#lines.join("");
    this.#lines = [];
    this.#length = 0;
    this.#write(text);
  }
}

function writeNow(destination: { flushSync(): void }): void {
  try {
    destination.flushSync();
  } catch {
    // Standard output is closed or not open yet; there is no other place to say so.
  }
}

/** People's lines are written at once. The printer is loaded only here: servers that write JSON do without it. */
async function openPretty(level: LogLevel, colours: boolean): Promise<OpenedLog> {
  const { default: pretty } = await import("pino-pretty");
  const stream = pretty({
    colorize: colours,
    translateTime: "SYS:HH:MM:ss",
    singleLine: true,
    sync: true,
    ignore: "requestId,repository,reference,digest,size",
  });
  return { log: pino(loggerOptions(level), stream), close: async () => {} };
}
