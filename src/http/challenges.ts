// How a caller is asked for credentials: each kind of client in its own words.
import { service } from "../access/memory.ts";
import type { RegistryError } from "../errors.ts";
import { readRepositoryName } from "../model/names.ts";
import { acceptsHtml } from "./headers.ts";
import type { Need } from "./operation.ts";
import { queryOf, type RequestContext } from "./requestContext.ts";
import { formChallenge } from "./sessionCookie.ts";

/** Why credentials are asked for: RFC 6750, 3.1, or the refusal itself where there is more to say. */
export type Reason = "invalid_token" | "insufficient_scope" | RegistryError | null;

/** What a challenge says. */
interface Asked {
  readonly needs: Need;
  /** That clients use; empty when it is not known. */
  readonly url: string;
  readonly error: string | null;
}

/** The value of `WWW-Authenticate`. */
export function challengeOf(context: RequestContext, { needs, url, error }: Asked): string {
  if (!context.foreign)
    return bearerChallenge(realmOf(context, url), scopeOf(context, needs), error);
  return comesFromPage(context) ? formChallenge : basicChallenge;
}

const basicChallenge = 'Basic realm="breadbox", charset="UTF-8"';

/** True for a browser: for a page whose session has ended, and for one that listens. No window for a password must open there. */
function comesFromPage({ request: { headers } }: RequestContext): boolean {
  const listens = headers.get("accept") === "text/event-stream";
  return headers.has("cookie") || listens || acceptsHtml(headers);
}

/** Distribution, "Token Authentication Specification". Host was checked: it holds no quote. */
function bearerChallenge(realm: string, scope: string | null, error: string | null): string {
  const parts = [
    `realm="${realm}"`,
    `service="${service}"`,
    ...(scope === null ? [] : [`scope="${scope}"`]),
    ...(error === null ? [] : [`error="${error}"`]),
  ];
  return `Bearer ${parts.join(",")}`;
}

/** Clients come back under the name that they came by, unless the operator named one. */
function realmOf(context: RequestContext, url: string): string {
  return `${url === "" ? context.origin() : url}/v2/token`;
}

const scopeActions = { pull: "pull", push: "pull,push", overwrite: "pull,push", delete: "delete" };

/** A mount needs its source as well: a client that asks for what the challenge names can mount then. */
function scopeOf(context: RequestContext, needs: Need): string | null {
  if (needs === "own") return "registry:catalog:*";
  const { name } = context.params;
  if (typeof needs === "string" || name === undefined || needs.right === "admin") return null;
  const from = needs.right === "push" ? queryOf(context).get("from") : null;
  const source = from === null ? null : readRepositoryName(from);
  const scope = `repository:${name}:${scopeActions[needs.right]}`;
  return source === null ? scope : `${scope} repository:${source}:pull`;
}
