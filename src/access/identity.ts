// Who was identified, in the terms of requests: made of accounts, lines of a file and rules. Pure.
import type { StoredUser } from "../metadata/access.ts";
import type { Author } from "../metadata/audit.ts";
import type { JobOrigin } from "../model/jobOrigin.ts";
import { hashOfToken } from "./accessToken.ts";
import type { Action, Principal } from "./actions.ts";
import type { Bearer } from "./bearer.ts";
import type { Rights } from "./rights.ts";
import type { Scope } from "./scopes.ts";

/** Where credentials come from. */
export type Origin = Omit<Author, "who">;

/** What is known of a request, besides its credentials. */
export interface Caller extends Origin {
  /** What an ID token for this server may be for. */
  audiences(): readonly string[];
}

/** A caller whose credentials were right. */
export interface Identity {
  readonly principal: Principal;
  /** Of the account: what is issued to it ends with the stamp. */
  readonly stamp: string;
  /** What a bearer token was made for; null for everything. */
  readonly scopes: readonly Scope[] | null;
  /** What it may do in every repository where no rule says anything; nothing when absent. */
  readonly everywhere?: ReadonlySet<Action>;
}

/** Who may come in, and what it may do. */
export interface Admitted {
  readonly identity: Identity;
  readonly rights: Rights;
}

/** A caller without credentials. */
export const anonymous: Identity = { principal: { kind: "anonymous" }, stamp: "", scopes: null };

/** null for a user who may not log in. */
export function identityOf({ name, isAdmin, stamp, disabledAt }: StoredUser): Identity | null {
  if (disabledAt !== null) return null;
  return { principal: { kind: "user", name, isAdmin }, stamp, scopes: null };
}

/** A changed line of the file voids what was issued before, as a changed password does. */
export function ofFile(name: string, hash: string): Identity {
  return {
    principal: { kind: "user", name, isAdmin: false },
    stamp: hashOfToken(hash),
    scopes: null,
  };
}

/** @param origin what the token of the job said. */
export function ofWorkload(rule: string, stamp: string, origin: JobOrigin | null): Identity {
  return { principal: { kind: "workload", rule, origin }, stamp, scopes: null };
}

/** As a bearer token names it. */
export function subjectOf(principal: Principal): Pick<Bearer, "who" | "name" | "origin"> {
  const { kind: who } = principal;
  if (who === "anonymous") return { who, name: "", origin: null };
  if (who === "workload") return { who, name: principal.rule, origin: principal.origin };
  return { who, name: principal.name, origin: null };
}
