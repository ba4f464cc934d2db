// What the system's names of errors mean to whoever reads: the part of it that more than one room asks about.
import { RegistryError } from "../errors.ts";

/** The errno name of a system's error; null for anything else. */
export function errnoOf(error: unknown): string | null {
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return error.code;
  }
  return null;
}

/** What the machine has too little of at this moment, descriptors or memory: nothing was read or written, and nothing is lost. */
const passing: ReadonlySet<string | null> = new Set(["EMFILE", "ENFILE", "ENOMEM", "EAGAIN"]);

/** A failed read, or a file that cannot be opened, as its answer: BUSY for what passes; anything else as it is. */
export function readFailure(error: unknown): unknown {
  if (!passing.has(errnoOf(error))) return error;
  return new RegistryError("BUSY", { retryAfter: 1, cause: error });
}
