// What a cleanup could not delete: it goes on with the rest, and says so once, at its end.

/** What is left of a cleanup's work. */
export interface Undeleted {
  /** Deletions that failed. */
  readonly count: number;
  /** Why the first of them did. It may hold a path: for logs, not for clients. */
  readonly cause: string;
}

/** The deletions of one cleanup. One that fails does not keep the others from being made. */
export class Attempts {
  readonly #failed = new Set<string>();
  #count = 0;
  #cause = "";

  /**
   * Deletes `what`, unless that failed before. An `AggregateError` counts as all that it holds. @returns false when it is not deleted.
   */
  async make(what: string, step: () => Promise<unknown>): Promise<boolean> {
    if (this.#failed.has(what)) return false;
    try {
      await step();
      return true;
    } catch (error) {
      const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
      if (this.#count === 0) this.#cause = messageOf(errors[0]);
      this.#count += errors.length;
      this.#failed.add(what);
      return false;
    }
  }

  /** What could not be deleted so far; null when everything could. */
  get undeleted(): Undeleted | null {
    return this.#count === 0 ? null : { count: this.#count, cause: this.#cause };
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
