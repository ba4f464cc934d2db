// The log: pino straight to standard output, JSON for machines or readable lines for people. No transports: they need files
// that a single executable does not have.
import pino from "pino";
import { plainJson, plainLines, plainText } from "../plainText.ts";
import { Output } from "./output.ts";

/** The log as rooms see it. One line per event; no secrets, no bodies, no request headers. */
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
  /** Resolves when everything is written, or the reader took nothing. Later lines are written when the process exits. */
  close(): Promise<void>;
}

/** Longest text of one field; a client decides how long a path or a name is. */
const longestValue = 1024;
const longestStack = 4096;

/** The text, cut when it is longer than a log field may be. */
export function capped(text: string, longest = longestValue): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}

/** Options of the logger itself, for any output. Long texts are truncated where they are logged, not by a hook on every line. */
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

/** Opens the log on standard output. Lines are gathered for a moment; what is left is written when the process exits. */
export async function openLog(options: LogOptions): Promise<OpenedLog> {
  const output = new Output((lost) => {
    log.warn({ lost }, "standard output accepted nothing for a while: log lines were lost");
  });
  const log = pino(loggerOptions(options.level), await lineSink(options, output));
  process.on("exit", () => output.finish());
  return { log, close: () => output.close() };
}

/** Takes pino's lines. The printer of people's lines is loaded only here: servers that write JSON do without it. */
async function lineSink(
  { format, terminal }: LogOptions,
  output: Output,
): Promise<pino.DestinationStream> {
  if (format === "json" || (format === "auto" && !terminal)) {
    return { write: (line) => output.write(plainJson(line)) };
  }
  const { prettyFactory } = await import("pino-pretty");
  const print = prettyFactory({
    colorize: terminal,
    translateTime: "SYS:HH:MM:ss",
    singleLine: true,
  });
  return { write: (line) => output.write(print(forPeople(plainLine(JSON.parse(line))))) };
}

/** An event's text says what happened: people read who asked, and from where, and find the other fields in JSON logs. */
function forPeople(line: unknown): unknown {
  if (!isFields(line) || typeof line["event"] !== "string" || "err" in line) return line;
  const { level, time, msg, who, address, client } = line;
  const asked = line["event"] === "refused" ? ` (${line["status"]} ${line["path"]})` : "";
  const by = [
    ...(who ? [` by ${who}`] : []),
    ...(address ? [` from ${address}`] : []),
    ...(client ? [` with ${client}`] : []),
  ].join("");
  return { level, time, msg: `${msg}${asked}${by}` };
}

const isFields = (line: unknown): line is Readonly<Record<string, unknown>> =>
  typeof line === "object" && line !== null;

/** A line as its printer may show it: what clients named must not move the cursor. Stacks are the only texts of several lines. */
function plainLine(value: unknown, name = ""): unknown {
  if (typeof value === "string") return name === "stack" ? plainLines(value) : plainText(value);
  if (Array.isArray(value)) return value.map((item) => plainLine(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [plainText(key), plainLine(member, key)]),
  );
}
