// PORT 1: bytes. Staged bytes of open upload sessions, and content under names that are used once.
// No path but of a file outside (`intake`), no rename, no synchronous call: an S3 bucket must be able to implement it unchanged.
import type { Content } from "./content.ts";
import type { Intake } from "./intake.ts";
import type { Parts } from "./parts.ts";
import type { Repair } from "./repair.ts";
import type { Staging } from "./staging.ts";

/** Unit: bytes. */
export interface Space {
  readonly free: number;
  readonly total: number;
}

/** The whole port, in five groups. */
export interface Storage {
  readonly staging: Staging;
  readonly content: Content;
  readonly parts: Parts;
  readonly repair: Repair;
  readonly intake: Intake;

  /** A cheap look. @throws when bytes cannot be reached. */
  check(): Promise<void>;

  /** Bytes that are left, and in all, of the disk that holds the bytes; null where there is no such limit. */
  space(): Promise<Space | null>;

  /** Frees handles. */
  close(): Promise<void>;
}
