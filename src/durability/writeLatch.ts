// After a failed sync the kernel may have dropped the bytes: the store turns read-only until a restart.
import { RegistryError } from "../errors.ts";

/** Trips once and stays: every writer checks it first, and a failed sync trips it. */
export class WriteLatch {
  #reason: string | null = null;
  readonly #onTrip: (reason: string, cause: unknown) => void;

  /** @param onTrip raises the alarm (log, metric); called once. */
  constructor(onTrip: (reason: string, cause: unknown) => void) {
    this.#onTrip = onTrip;
  }

  /** Why the store is read-only; null while it is writable. */
  get reason(): string | null {
    return this.#reason;
  }

  /** Makes the store read-only. Only the first reason is kept. */
  trip(reason: string, cause: unknown): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#onTrip(reason, cause);
  }

  /** @throws RegistryError READ_ONLY once tripped. */
  assertWritable(): void {
    if (this.#reason !== null) throw new RegistryError("READ_ONLY", { retryAfter: 60 });
  }
}
