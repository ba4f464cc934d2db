// Deletions of a cleanup. One that fails does not stop the others; all failures are reported once, at the end.

/** The failed deletions of a cleanup. */
export interface Undeleted {
  /** Deletions that failed. */
  readonly count: number;
  /** Why the first one failed. It may contain a path: for logs, not for clients. */
  readonly cause: string;
}

/** The deletions of one cleanup. A failure does not stop the others. */
export class Attempts {
  readonly #failed = new Set<string>();
  #count = 0;
  #cause = "";

  /**
   * Deletes `what`, unless that failed before. An `AggregateError` counts once for each error in it. @returns false when it is not deleted.
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

  /** The failed deletions so far; null when there are none. */
  get undeleted(): Undeleted | null {
    return this.#count === 0 ? null : { count: this.#count, cause: this.#cause };
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
