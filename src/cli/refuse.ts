// Commands that do nothing: the reason is printed, and the exit code says what kind of reason it is.
import { exitCode } from "./exitCode.ts";
import { complain } from "./print.ts";

/** It cannot be done. */
export function refuse(message: string): number {
  complain(message);
  return exitCode.failed;
}

/** The command line is wrong. */
export async function badUsage(message: string): Promise<number> {
  complain(message);
  return exitCode.badUsage;
}
