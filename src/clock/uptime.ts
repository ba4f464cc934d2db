// How long the machine runs: what the wall clock is compared with.

/** A clock that cannot be set. */
export interface Uptime {
  /** Which run of the machine it counts from. */
  readonly boot: string;
  /** ms since the machine started. */
  readonly uptime: number;
}
