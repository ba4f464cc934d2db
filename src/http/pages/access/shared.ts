// Shared by the pages about access: who gets them, and how their lists are paged.
import type { Grant } from "../../../access/ruleInput.ts";
import { operation } from "../../operation.ts";
import { queryOf, type RequestContext } from "../../requestContext.ts";
import type { Services } from "../../services.ts";
import { pageOf } from "../../v1/accounts.ts";

/** Rows of a page. */
const limit = 100;

/** The page of a list that the address asks for. @param path of the list. */
export function pageAt<T>(
  call: RequestContext,
  path: string,
  listing: Parameters<typeof pageOf<T>>[0],
): { readonly page: readonly T[]; readonly next: string | null } {
  const { page, next } = pageOf(listing, { after: queryOf(call).get("after"), limit });
  return { page, next: next === null ? null : `${path}?after=${encodeURIComponent(next)}` };
}

/** The grant that a form names. */
export const grantIn = (form: URLSearchParams): Grant => ({
  pattern: form.get("pattern") ?? "",
  actions: form.getAll("action").join(","),
});

/** What `accounts.list` knows of rules, as pages print it. */
export const ruleText = (rule: {
  readonly effect: string;
  readonly pattern: string;
  readonly actions: string;
}): string => `${rule.effect} ${rule.pattern} ${rule.actions}`;

type Handle = (call: RequestContext, services: Services) => Promise<Response>;

const shared = {
  action: "operate",
  target: "server",
  needs: "administrator",
  tag: "operations",
  doc: null,
} as const;

/** A page for administrators. */
export const shownAt = <const Path extends string>(
  id: string,
  path: Path,
  summary: string,
  handle: Handle,
) => operation({ ...shared, id, method: "GET", path, summary, handle });

/** A form of administrators. */
export const sentTo = <const Path extends string>(
  id: string,
  path: Path,
  summary: string,
  handle: Handle,
) => operation({ ...shared, id, method: "POST", path, summary, handle });
