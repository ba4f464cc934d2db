// PORT 2, the group of browsers' logins. Rows, and no memory of any server: each server of a store knows them, and sees at once which
// have ended.
import type { Signed } from "./audit.ts";

/** A login of a browser. The secret in its cookie is stored as a hash only. Times are Unix ms. */
export interface StoredBrowserSession {
  /** SHA-256 of the secret, hexadecimal. */
  readonly hash: string;
  /** Such as `user:ann` or `token:ci`. */
  readonly who: string;
  /** Of the account when it logged in. */
  readonly stamp: string;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  /** It ends then, however often it is used. */
  readonly expiresAt: number;
}

export interface BrowserSessionsMetadata {
  /** Adds a session, and removes those that have expired by its creation, and all but the newest `kept` of its account. */
  addSession(session: StoredBrowserSession, kept: number): Promise<void>;
  /** Expired ones, too, while they are there. */
  findSession(hash: string): Promise<StoredBrowserSession | null>;
  /** Notes when a session was used. May be lost with the power. */
  noteSession(hash: string, usedAt: number): Promise<void>;
  /** Ends one session; written down. @returns false when there is no such session. */
  endSession(hash: string, by: Signed): Promise<boolean>;
  /** Ends all sessions of an account; written down. @returns how many there were. */
  endSessionsOf(who: string, by: Signed): Promise<number>;
}
