// Uncaught errors are logged instead of ending the process.
import type { Log } from "./log.ts";

/** An uncaught error is a bug of one request, no reason to drop all others. @returns a function that stops watching. */
export function surviveUncaught(log: Pick<Log, "error">): () => void {
  const report = (err: unknown): void => log.error({ err }, "uncaught error");
  process.on("uncaughtException", report);
  process.on("unhandledRejection", report);
  return () => {
    process.off("uncaughtException", report);
    process.off("unhandledRejection", report);
  };
}
