// Port 1, intake: content that is a file of this machine already, outside of the store. Only commands need it.
import type { Digest } from "../model/digest.ts";
import type { Locator } from "../model/locator.ts";

/** A file outside of the store. It is never written, cut, renamed or given other rights. */
export interface OutsideFile {
  readonly path: string;
  /** What its bytes must be. */
  readonly digest: Digest;
  /** Of the claim that its content is published under, as for `Staging.seal`. */
  readonly owner: string;
  /** False: bytes are copied even where they could be shared. */
  readonly share: boolean;
}

/** How the bytes came: under a second name of the same file, as shared blocks of the file system, or as a copy. */
export type IntakeWay = "link" | "clone" | "copy";

/** What came of one file. Nothing is stored unless `kind` is `taken`. */
export type Taken =
  /** Stored durably under `locator`; `size` in bytes. */
  | {
      readonly kind: "taken";
      readonly locator: Locator;
      readonly size: number;
      readonly way: IntakeWay;
    }
  | { readonly kind: "mismatch"; readonly actual: Digest }
  /** Absent, no file, or this user may not read it. */
  | { readonly kind: "unreadable"; readonly reason: string };

/** Takes files of this machine as content, and gives content to files of this machine. */
export interface Intake {
  /**
   * Reads a file, compares its digest, and stores it under a fresh name, durably when this resolves. It is shared by link only where
   * nobody else may write to it. A symbolic link is not followed.
   * @throws RegistryError DISK_FULL, READ_ONLY: then it may have a stored name that no row knows, for a collection to delete.
   */
  take(file: OutsideFile): Promise<Taken>;

  /**
   * The other way, without copying a byte: clones the blocks of content into a new file at `path`, or gives it a second name there.
   * Clones are not durable before the caller syncs them. @returns null where neither can be: content that is absent as well.
   */
  share(locator: Locator, path: string): Promise<Exclude<IntakeWay, "copy"> | null>;
}
