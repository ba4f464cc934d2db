// When the database's log is moved into the database: pure, no I/O.

/** A log of this size is moved at the next look; bytes. */
const dueBytes = 4 * 1024 * 1024;
/** A smaller one is moved once it has stayed the same for this long; ms. */
const dueQuietMs = 10_000;

/** The log as it was seen. */
export interface LogSighting {
  readonly bytes: number;
  /** Differs after every write. */
  readonly version: string;
  /** Monotonic ms at which this version was first seen. */
  readonly since: number;
}

/** @param moved the version that was moved last; null when none was. @param now monotonic ms. */
export function isCheckpointDue(log: LogSighting, moved: string | null, now: number): boolean {
  if (log.bytes === 0 || log.version === moved) return false;
  return log.bytes >= dueBytes || now - log.since >= dueQuietMs;
}
