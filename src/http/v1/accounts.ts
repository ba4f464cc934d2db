// Shared by the operations on users, tokens, rules and trust rules: the functions of the commands, signed by who asks, and pages.
import type { Static, TObject } from "@sinclair/typebox";
import { accountsTool, type ManageDeps } from "../../access/manage.ts";
import { type TrustDeps, trustTool } from "../../access/manageTrust.ts";
import { json } from "../answers.ts";
import { authorOf } from "../author.ts";
import type { GrantBody } from "../docs/access.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { pageHeaders, readBody, readLimit } from "./requests.ts";

/** What managing accounts works with, besides who does it. */
export type Management = Omit<ManageDeps & TrustDeps, "by">;

interface Managing {
  readonly management: Management;
}

/** Users, tokens and rules. */
export const accountsOf = (context: RequestContext, { management }: Managing) =>
  accountsTool({ ...management, by: authorOf(context) });

/** Trust rules. */
export const trustOf = (context: RequestContext, { management }: Managing) =>
  trustTool({ ...management, by: authorOf(context) });

/** What the operations on accounts have alike. */
export const managing = {
  action: "operate",
  target: "server",
  needs: "administrator",
  tag: "access",
} as const;

/** Largest body in bytes: a trust rule may bring a CA of 64 KiB, and JSON may spell each with two characters. */
const longestBody = 256 * 1024;

/** The JSON body of such an operation. @throws RegistryError as {@link readBody} */
export const readManaged = <T extends TObject>(
  call: RequestContext,
  schema: T,
  { pace }: Pick<Services, "pace">,
): Promise<Static<T>> => readBody(call, schema, { longest: longestBody, pace });

const usualPage = 100;
const longestPage = 1000;

/** As commands take them. */
export const grantsOf = (grants: readonly GrantBody[]) =>
  grants.map(({ pattern, actions }) => ({ pattern, actions: actions.join(",") }));

/** How a list is answered: in the order of its keys. */
interface Listing<T> {
  readonly path: string;
  /** Of the member. */
  readonly name: string;
  readonly items: readonly T[];
  keyOf(item: T): string | number;
  print(item: T): unknown;
}

/** Items in the order of their keys, after a key. @param limit most of a page. @returns as well the `after` of the next page. */
export function pageOf<T>(
  { items, keyOf }: Pick<Listing<T>, "items" | "keyOf">,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): { readonly page: readonly T[]; readonly next: string | null } {
  const isBehind = (key: string | number): boolean =>
    after === null || (typeof key === "number" ? key > Number(after) : key > after);
  const rest = items.filter((item) => isBehind(keyOf(item)));
  const page = rest.slice(0, limit);
  const last = rest.length > limit ? page.at(-1) : undefined;
  return { page, next: last === undefined ? null : String(keyOf(last)) };
}

/** A page of a list that is read whole. @throws RegistryError PAGE_INVALID */
export function answerPage<T>(call: RequestContext, listing: Listing<T>): Response {
  const { path, name, print } = listing;
  const query = queryOf(call);
  const limit = readLimit(query, { usual: usualPage, longest: longestPage });
  const { page, next } = pageOf(listing, { after: query.get("after"), limit });
  const headers = pageHeaders(path, { limit }, next);
  return json({ [name]: page.map(print), next }, { headers });
}
