// The meaning of the system's error names, as far as more than one room needs it.
import { RegistryError } from "../errors.ts";

/** The errno name of a system's error; null for anything else. */
export function errnoOf(error: unknown): string | null {
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return error.code;
  }
  return null;
}

/** A temporary shortage of the machine, of descriptors or memory: nothing was read or written, and nothing is lost. */
const passing: ReadonlySet<string | null> = new Set(["EMFILE", "ENFILE", "ENOMEM", "EAGAIN"]);

/** A failed read, or a file that cannot be opened, as its answer: BUSY for what passes; anything else as it is. */
export function readFailure(error: unknown): unknown {
  if (!passing.has(errnoOf(error))) return error;
  return new RegistryError("BUSY", { retryAfter: 1, cause: error });
}
