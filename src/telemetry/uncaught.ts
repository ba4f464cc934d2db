// Errors that nobody caught are written down instead of ending the process. Apart from the log: this watches the whole process.
import type { Log } from "./log.ts";

/** What nobody caught is a bug of one request, never a reason to drop all the others. @returns what ends the watch. */
export function surviveUncaught(log: Pick<Log, "error">): () => void {
  const report = (err: unknown): void => log.error({ err }, "uncaught error");
  process.on("uncaughtException", report);
  process.on("unhandledRejection", report);
  return () => {
    process.off("uncaughtException", report);
    process.off("unhandledRejection", report);
  };
}
