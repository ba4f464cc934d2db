// The page of access tokens. The functions are those of `/v1/tokens` and `breadbox token`.
import { RegistryError } from "../../../errors.ts";
import type { TokensList } from "../../../pages/access/tokens.tsx";
import { at } from "../../../pages/addresses.ts";
import type { RequestContext } from "../../requestContext.ts";
import type { Services } from "../../services.ts";
import { accountsOf } from "../../v1/accounts.ts";
import { framed, seeOther, sendPage } from "../answer.ts";
import { readForm } from "../forms.ts";
import { refusedBy } from "../refused.ts";
import { grantIn, pageAt, sentTo, shownAt } from "./shared.ts";

const dayMs = 86_400_000;

type Changed = Partial<Pick<TokensList, "made" | "said" | "typed">> & { readonly status?: number };

async function draw(
  call: RequestContext,
  services: Services,
  { made = null, said = null, typed, status = 200 }: Changed,
): Promise<Response> {
  const { tokens, rules } = await accountsOf(call, services).list();
  const { page, next } = pageAt(call, at.tokens, { items: tokens, keyOf: ({ name }) => name });
  const byWho = Map.groupBy(rules, ({ who }) => who);
  const shown = page.map((token) => {
    const own = byWho.get(`token:${token.name}`) ?? [];
    return { ...token, grants: own.map(({ pattern, actions }) => `${pattern}:${actions}`) };
  });
  const { tokensPage } = await import("../../../pages/access/tokens.tsx");
  const empty = { name: "", pattern: "", actions: ["pull"] };
  const frame = await framed(call, services);
  const list = { tokens: shown, next, made, said, typed: typed ?? empty };
  return sendPage(tokensPage(frame, list), { status });
}

/** The answer shows the token: it is in no address, and no page shows it again. */
async function create(call: RequestContext, services: Services): Promise<Response> {
  const form = await readForm(call, services);
  const name = form.get("name") ?? "";
  const grant = grantIn(form);
  let text: string | null;
  try {
    const lastsMs = readLifetime(form.get("days"));
    text = await accountsOf(call, services).createToken(name, { grants: [grant], lastsMs });
    if (text === null) throw new RegistryError("TOKEN_EXISTS");
  } catch (error) {
    const typed = { name, pattern: grant.pattern, actions: form.getAll("action") };
    return draw(call, services, { ...refusedBy(error), typed });
  }
  return draw(call, services, { made: { name, text } });
}

/** @returns ms; null for ever. @throws RegistryError REQUEST_INVALID */
function readLifetime(days: string | null): number | null {
  if (days === "never") return null;
  if (days !== null && /^[1-9][0-9]{0,4}$/.test(days)) return Number(days) * dayMs;
  throw new RegistryError("REQUEST_INVALID", { message: "a token lasts for days, or for ever" });
}

async function revoke(call: RequestContext, services: Services): Promise<Response> {
  const form = await readForm(call, services);
  if (!(await accountsOf(call, services).revokeToken(form.get("name") ?? ""))) {
    throw new RegistryError("TOKEN_UNKNOWN");
  }
  return seeOther(at.tokens);
}

/** `/access/tokens`. */
export const tokenPages = [
  ...shownAt("showTokensPage", "/access/tokens", "The page of access tokens", (call, services) =>
    draw(call, services, {}),
  ),
  ...sentTo("createTokenByForm", "/access/tokens", "Make an access token", create),
  ...sentTo("revokeTokenByForm", "/access/tokens/revoke", "Revoke an access token", revoke),
];
