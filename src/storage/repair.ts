// Port 1, repair: reading stored content back, setting what is damaged aside, and naming what is not ours.
// Only fsck and the scrub need it.

import type { Locator } from "../model/locator.ts";
import type { StoredName } from "./content.ts";
import type { StagedReader } from "./staging.ts";

export interface Repair {
  /** Opens content for positional reads; its bytes stay readable when it is deleted meanwhile. @returns null when it is absent, or no file. */
  read(locator: Locator): Promise<StagedReader | null>;

  /**
   * Takes content out of the way, durably, without losing a byte of it: nothing reads it any more, a person can.
   * Safe to repeat. @returns false when there is nothing under this name.
   */
  setAside(locator: Locator): Promise<boolean>;

  /** Names of content that was set aside, in batches. */
  listSetAside(): AsyncIterable<readonly StoredName[]>;

  /** What stands where only this program writes and is not named as it names things. @throws when a folder cannot be read. */
  listStrangers(): AsyncIterable<string>;
}
