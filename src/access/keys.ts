// The keys that sign our bearer tokens: the newest signs, the one before it still counts, so that a new key ends nobody's session.
import type { AccessMetadata } from "../metadata/access.ts";
import type { Author } from "../metadata/audit.ts";
import { laterId } from "../model/laterId.ts";
import { makeKey } from "./bearer.ts";

/** What making keys works with. */
export interface KeysDeps {
  readonly metadata: Pick<AccessMetadata, "listKeys" | "addKey">;
  /** Unix ms. */
  readonly clock: () => number;
  readonly newId: () => string;
  /** Who makes the key, for the audit trail. */
  readonly by: Author;
}

/** Keys that count at a time. */
const keptKeys = 2;
/** An older key is replaced, ms. */
const keyAgeMs = 90 * 24 * 3_600_000;

/** The author of keys that a server makes when it is time. */
export const byServer: Author = { who: "server", address: null, requestId: null };

/** A key that was just made. */
export interface NewKey {
  readonly id: string;
  /** Of this store: nothing was signed before. */
  readonly isFirst: boolean;
}

/** Makes the first key, or the next one when the newest is 90 days old. @returns null when there is no need. */
export async function renewKey(deps: KeysDeps): Promise<NewKey | null> {
  const [newest] = await deps.metadata.listKeys();
  const isFresh = newest !== undefined && deps.clock() - newest.createdAt < keyAgeMs;
  const id = isFresh ? null : await addKey(deps, newest?.id ?? null, keptKeys);
  return id === null ? null : { id, isFirst: newest === undefined };
}

/**
 * Makes the next key now.
 * @param voidIssued forgets all others at once: every token that they signed is void. @returns its id; null when another process just made one.
 */
export async function rotateKey(deps: KeysDeps, voidIssued: boolean): Promise<string | null> {
  const [newest] = await deps.metadata.listKeys();
  return addKey(deps, newest?.id ?? null, voidIssued ? 1 : keptKeys);
}

async function addKey(
  { metadata, clock, newId, by }: KeysDeps,
  previous: string | null,
  kept: number,
): Promise<string | null> {
  // The newest has the greatest id, whatever the clock says.
  const id = laterId(previous, newId());
  const { stored } = await makeKey(id);
  const key = { id, jwk: stored, createdAt: clock() };
  return (await metadata.addKey(key, { previous, kept }, by)) ? id : null;
}
