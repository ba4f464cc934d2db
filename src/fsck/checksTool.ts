// The history of checks as commands read it: each function gives what the API would answer.
import { RegistryError } from "../errors.ts";
import type { ChecksMetadata } from "../metadata/checks.ts";
import {
  type PrintedCheck,
  type PrintedChecks,
  printCheck,
  printSummary,
} from "./printedChecks.ts";

/** What commands ask, of a data directory or of a server. */
export interface CheckSource {
  /** The latest first: those before `after`. */
  list(page: { readonly after: string | null; readonly limit: number }): Promise<PrintedChecks>;
  /** @throws RegistryError CHECK_UNKNOWN */
  find(id: string): Promise<PrintedCheck>;
}

/** Of an opened store. */
export function checksTool(checks: Pick<ChecksMetadata, "listChecks" | "findCheck">): CheckSource {
  return {
    async list({ after, limit }) {
      const found = await checks.listChecks({ after, limit: limit + 1 });
      const page = found.slice(0, limit);
      const next = found.length > limit ? (page.at(-1)?.id ?? null) : null;
      return { checks: page.map(printSummary), next };
    },
    async find(id) {
      const run = await checks.findCheck(id);
      if (run === null) throw new RegistryError("CHECK_UNKNOWN");
      return printCheck(run);
    },
  };
}
