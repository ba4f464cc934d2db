// Port 1, repair: reading stored content back, setting what is damaged aside, and naming what is not ours. Only fsck and the scrub need it.
import type { Locator } from "../model/locator.ts";
import type { StagedPart } from "../model/staged.ts";
import type { StoredName } from "./content.ts";
import type { Staged } from "./staging.ts";

/** Positional reads of one content. Closed by who opened it. */
export interface StoredReader {
  /** Fills `into` from `offset`; returns how many bytes it read, 0 at the end. */
  read(offset: number, into: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

/** A fault of a staged part that shows without reading its bytes. */
export type PartFault = "missing" | "shorter" | "longer";

/** For fsck and the scrub. */
export interface Repair {
  /** Opens content for positional reads; its bytes stay readable when it is deleted meanwhile. @returns null when it is absent, or no file. */
  read(locator: Locator): Promise<StoredReader | null>;

  /** @returns whether all bytes of a session that count are there, without reading them; without any, whether it can have some. */
  holdsStaged(staged: Staged): Promise<boolean>;

  /** @returns null when a part is there, and as long as its row says. */
  partFault(part: Pick<StagedPart, "place" | "size">): Promise<PartFault | null>;

  /**
   * Takes content out of the way, durably, without losing a byte of it: nothing reads it any more, a person can.
   * Safe to repeat. @returns false when there is nothing under this name.
   */
  setAside(locator: Locator): Promise<boolean>;

  /** Names of content that was set aside, in batches. */
  listSetAside(): AsyncIterable<readonly StoredName[]>;

  /** Names, for people, of what this program did not put where only it writes. @throws when some of it cannot be read. */
  listUnknown(): AsyncIterable<string>;

  /** What about the place of the bytes loses some of them, or keeps them for ever, in sentences for the operator. Never throws. */
  warnings(): Promise<readonly string[]>;
}
