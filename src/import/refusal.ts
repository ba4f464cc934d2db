// Why one thing was not imported, and what ends the whole import.
import { RegistryError } from "../errors.ts";
import { SourceError } from "./source.ts";

/** @returns the reason. @throws what is no refusal: a full disk, a store that cannot be written. */
export function refusalOf(error: unknown): string {
  if (error instanceof SourceError) return error.message;
  if (error instanceof RegistryError && !error.isServerSide) return error.message;
  throw error;
}
