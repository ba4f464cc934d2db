// The page of trusted issuers. The functions are those of `/v1/trust` and `breadbox trust`.
import { trustKinds } from "../../../access/trust.ts";
import { RegistryError } from "../../../errors.ts";
import type { TypedTrust } from "../../../pages/access/trust.tsx";
import { at } from "../../../pages/addresses.ts";
import type { RequestContext } from "../../requestContext.ts";
import type { Services } from "../../services.ts";
import { trustOf } from "../../v1/accounts.ts";
import { framed, seeOther, sendPage } from "../answer.ts";
import { readForm } from "../forms.ts";
import { type Refused, refusedBy } from "../refused.ts";
import { grantIn, sentTo, shownAt } from "./shared.ts";

const untyped: TypedTrust = {
  ...{ kind: "github", place: "", issuer: "", id: "", ref: "", claim: "", pattern: "" },
  actions: ["pull", "push"],
};

async function draw(
  call: RequestContext,
  services: Services,
  again: (Refused & { readonly typed: TypedTrust }) | null,
): Promise<Response> {
  const rules = await trustOf(call, services).list();
  const trust = rules.map(({ name, kind, issuer, demands, bound, grants, lastUsedAt }) => ({
    ...{ name, kind, issuer, grants, lastUsedAt },
    claims: Object.entries(demands).map(([claim, values]) => `${claim}=${values.join("|")}`),
    boundTo: bound === null || bound.value === null ? null : `${bound.claim} ${bound.value}`,
  }));
  const { trustPage } = await import("../../../pages/access/trust.tsx");
  const { said = null, status = 200, typed = untyped } = again ?? {};
  return sendPage(trustPage(await framed(call, services), { trust, said, typed }), { status });
}

async function add(call: RequestContext, services: Services): Promise<Response> {
  const form = await readForm(call, services);
  const read = (name: string): string => (form.get(name) ?? "").trim();
  const given = (name: string): string | null => read(name) || null;
  const listed = (name: string): readonly string[] => [given(name) ?? []].flat();
  const typed = {
    ...{ kind: read("kind"), place: read("place"), issuer: read("issuer"), id: read("id") },
    ...{ ref: read("ref"), claim: read("claim"), pattern: read("pattern") },
    actions: form.getAll("action"),
  };
  try {
    const kind = trustKinds.find((each) => each === typed.kind);
    if (kind === undefined) throw new RegistryError("REQUEST_INVALID");
    const rule = {
      ...{ kind, place: typed.place, issuer: given("issuer"), name: null, id: given("id") },
      ...{ refs: listed("ref"), claims: listed("claim"), allowsPullRequests: false, ca: null },
    };
    if ((await trustOf(call, services).add(rule, [grantIn(form)])) === null) {
      throw new RegistryError("TRUST_EXISTS");
    }
  } catch (error) {
    return draw(call, services, { ...refusedBy(error), typed });
  }
  return seeOther(at.trust);
}

async function remove(call: RequestContext, services: Services): Promise<Response> {
  const name = (await readForm(call, services)).get("name") ?? "";
  if (!(await trustOf(call, services).remove(name))) throw new RegistryError("TRUST_UNKNOWN");
  return seeOther(at.trust);
}

/** `/access/trust`. */
export const trustPages = [
  ...shownAt("showTrustPage", "/access/trust", "The page of trusted issuers", (call, services) =>
    draw(call, services, null),
  ),
  ...sentTo("addTrustByForm", "/access/trust", "Trust the jobs of a repository", add),
  ...sentTo("removeTrustByForm", "/access/trust/remove", "Remove a trust rule", remove),
];
