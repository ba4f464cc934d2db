// What errors of Postgres and of the way to it mean: whether another attempt may succeed, and what a client is answered.
import { RegistryError } from "../../errors.ts";

/**
 * Why an attempt failed that another one may repeat: others were faster (`conflict`: also where a key was taken or a row was gone that
 * was there before), or the connection broke (`line`).
 */
export type Trouble = "conflict" | "line";

/** Codes of Postgres (SQLSTATE, "Appendix A. PostgreSQL Error Codes"), of its driver and of the system. */
const troubles: readonly (readonly [Trouble, readonly string[]])[] = [
  // serialization_failure, deadlock_detected, unique_violation, foreign_key_violation, lock_not_available
  ["conflict", ["40001", "40P01", "23505", "23503", "55P03"]],
  // Connections that are shut down or cannot be had; a server that has become, or still is, one that only reads.
  [
    "line",
    ["57P01", "57P02", "57P03", "57P05", "53300", "25006", "08000", "08001", "08003", "08004"],
  ],
  ["line", ["08006", "08P01", "CONNECTION_CLOSED", "CONNECTION_DESTROYED", "CONNECTION_ENDED"]],
  ["line", ["CONNECT_TIMEOUT", "ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH"]],
  ["line", ["ENETUNREACH", "ENOTFOUND", "EAI_AGAIN", "ENOENT", "ERR_SOCKET_CLOSED"]],
];
const byCode = new Map(
  troubles.flatMap(([trouble, codes]) => codes.map((code) => [code, trouble])),
);

/** query_canceled (statement_timeout), out_of_memory, too_many_connections: it may pass. */
const passing = new Set(["57014", "53200", "53300"]);
const diskFull = "53100";

/** The connection broke, or nothing was heard on it for too long: nobody knows what became of what was sent last. */
export class LineLostError extends Error {
  override readonly name = "LineLostError";
  readonly code = "CONNECTION_CLOSED";
}

export function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error && "code" in error ? error.code : null;
  return typeof code === "string" ? code : "";
}

/** @returns null for what another attempt would not change. */
export function troubleOf(error: unknown): Trouble | null {
  return byCode.get(codeOf(error)) ?? null;
}

/** What the caller of the port throws: BUSY, DISK_FULL. Of any other error the driver's own is returned. */
export function translate(cause: unknown): unknown {
  if (troubleOf(cause) !== null || passing.has(codeOf(cause))) {
    return new RegistryError("BUSY", { cause });
  }
  return codeOf(cause) === diskFull ? new RegistryError("DISK_FULL", { cause }) : cause;
}

/** True for the refusal of a row of `commits` that is there: the transaction that wrote it was committed. */
export function isCommitted(error: unknown): boolean {
  return (
    error instanceof Error && "constraint_name" in error && error.constraint_name === "commits_pkey"
  );
}
