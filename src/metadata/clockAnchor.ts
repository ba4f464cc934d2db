// The clock, a part of port 2: one reading that later ones are compared with.

/** The wall clock and the machine's uptime, read at one moment. */
export interface ClockReading {
  /** Which run of the machine `uptime` counts from. */
  readonly boot: string;
  /** ms since the machine started. */
  readonly uptime: number;
  /** Unix ms. */
  readonly wall: number;
}

/** A reading to compare later ones with. */
export interface ClockAnchor extends ClockReading {
  /** ms since the machine started: until then ages prove nothing. 0: they do. */
  readonly distrustUntil: number;
}

/** Leases that a step of the clock would cut short: they end later by as much, and a restore before it counts as later by as much. */
export interface Postponement {
  /** Those that end after this, Unix ms. */
  readonly endingAfter: number;
  /** But for those that end after one time and not after another, Unix ms: they were given after the step. */
  readonly given: { readonly after: number; readonly until: number };
  readonly byMs: number;
}

/** Earlier looks. */
export interface ClockAnchors {
  /** Of this machine; where one server writes, of whichever machine it ran on. null before the first one. */
  readonly own: ClockAnchor | null;
  /** Of other machines, whose servers share the database and its clock: of one that doubts it, or the latest. null where there are none. */
  readonly other: ClockAnchor | null;
}

export interface ClockMetadata {
  /** @param boot the run of this machine. */
  findClockAnchors(boot: string): Promise<ClockAnchors>;
  /**
   * A restore that is later than `next` counts as of that moment from then on.
   * @param postponed in the same transaction, unless another machine has done so. @returns false when this machine's anchor is no longer
   * `expected`: then nothing was changed.
   */
  replaceClockAnchor(
    expected: ClockAnchor | null,
    next: ClockAnchor,
    postponed?: Postponement | null,
  ): Promise<boolean>;
}
