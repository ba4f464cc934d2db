// PORT 2, the group of the audit trail: who did what, kept for a while. A change is written in the transaction that makes it, so that
// there is neither one without an entry nor an entry without a change; logins are written on their own.

/** Everything that is written down. What an entry is about is its `resource`. */
export type AuditEvent =
  | "login"
  | "login.failed"
  | "logout"
  | "push"
  | "tag.move"
  | "tag.delete"
  | "manifest.delete"
  | "blob.delete"
  | "object.put"
  | "object.replace"
  | "object.delete"
  | "bucket.create"
  | "bucket.delete"
  | "user.add"
  | "user.password"
  | "user.disable"
  | "user.enable"
  | "user.promote"
  | "user.demote"
  | "user.remove"
  | "token.create"
  | "token.revoke"
  | "rule.add"
  | "rule.remove"
  | "trust.add"
  | "trust.bind"
  | "trust.remove"
  | "key.rotate";

/** Who asked for a change, as it is written down. */
export interface Author {
  /** Such as `user:ann`, `token:ci`, `command:root` or `server`; null for nobody in particular. */
  readonly who: string | null;
  /** Of the other end of the connection; null without one. */
  readonly address: string | null;
  /** null without a request. */
  readonly requestId: string | null;
}

/** An author, and when. */
export interface Signed extends Author {
  /** Unix ms. */
  readonly at: number;
}

/** One entry of the trail. */
export interface AuditEntry extends Signed {
  readonly event: AuditEvent;
  /** As rules spell it: `team/app`, `bucket:NAME`, `bucket:NAME/OBJECT`; or `user:ann`, `token:ci`, `rule:7`, `key:ID`. null for a login. */
  readonly resource: string | null;
  /** The tag or digest of a manifest, the text of a rule. */
  readonly detail: string | null;
  readonly digest: string | null;
  /** What the name stood for before. */
  readonly previous: string | null;
  /** How often: more than 1 where equal ones are summed up. */
  readonly times: number;
}

/** Where a page begins: after the entry of this time and id. */
export interface AuditCursor {
  /** Unix ms. */
  readonly at: number;
  readonly id: number;
}

export interface StoredAuditEntry extends AuditEntry {
  readonly id: number;
}

/** A page of entries, the latest first. */
export interface AuditRequest {
  readonly after: AuditCursor | null;
  readonly limit: number;
  /** Unix ms; earlier entries are left out. null for all. */
  readonly since: number | null;
  /** null for everybody. */
  readonly who: string | null;
  /** null for everything. */
  readonly resource: string | null;
}

export interface AuditMetadata {
  /** Not durable on purpose: a login waits for no disk. */
  addEntries(entries: readonly AuditEntry[]): Promise<void>;
  /** `more` is true when others follow. */
  listEntries(
    request: AuditRequest,
  ): Promise<{ readonly entries: readonly StoredAuditEntry[]; readonly more: boolean }>;
  /** Removes at most `limit` entries of before `before` (Unix ms), the oldest first. @returns how many. */
  forgetEntries(before: number, limit: number): Promise<number>;
  /** Removes at most `limit` entries, the oldest first, as long as there are more than `most`. @returns how many. */
  forgetBeyond(most: number, limit: number): Promise<number>;
}
