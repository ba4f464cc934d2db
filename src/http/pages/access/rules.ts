// The page of rules. The functions are those of `/v1/rules` and `breadbox access`.
import { RegistryError } from "../../../errors.ts";
import type { Asked, RulesList } from "../../../pages/access/rules.tsx";
import { at } from "../../../pages/addresses.ts";
import { queryOf, type RequestContext } from "../../requestContext.ts";
import type { Services } from "../../services.ts";
import { accountsOf } from "../../v1/accounts.ts";
import { framed, seeOther, sendPage } from "../answer.ts";
import { readForm } from "../forms.ts";
import { refusedBy } from "../refused.ts";
import { grantIn, pageAt, sentTo, shownAt } from "./shared.ts";

type Changed = Partial<Pick<RulesList, "said" | "typed">> & { readonly status?: number };

async function draw(
  call: RequestContext,
  services: Services,
  { said = null, typed, status = 200 }: Changed,
): Promise<Response> {
  const { rules: items } = await accountsOf(call, services).list();
  const { page, next } = pageAt(call, at.rules(), { items, keyOf: ({ id }) => id });
  const { asked, refused } = await answerQuestion(call, services);
  const { rulesPage } = await import("../../../pages/access/rules.tsx");
  const empty = { who: asked.who, effect: "allow", pattern: "", actions: ["pull"] };
  const frame = await framed(call, services);
  const list = { rules: page, next, said: said ?? refused, asked, typed: typed ?? empty };
  return sendPage(rulesPage(frame, list), { status });
}

/** Who may do what, if the address asks. */
async function answerQuestion(
  call: RequestContext,
  services: Services,
): Promise<{ readonly asked: Asked; readonly refused: string | null }> {
  const query = queryOf(call);
  const [who, action] = [query.get("who") ?? "", query.get("action") ?? ""];
  const resource = query.get("resource") ?? "";
  const asked = { who, action: action || "pull", resource, verdict: null };
  if (who === "" || action === "" || resource === "") return { asked, refused: null };
  try {
    const verdict = await accountsOf(call, services).explain({ who, action, what: resource });
    return { asked: { ...asked, verdict }, refused: null };
  } catch (error) {
    return { asked, refused: refusedBy(error).said };
  }
}

async function add(call: RequestContext, services: Services): Promise<Response> {
  const form = await readForm(call, services);
  const who = form.get("who") ?? "";
  const effect = form.get("effect") === "deny" ? "deny" : "allow";
  const grant = grantIn(form);
  try {
    await accountsOf(call, services).addRule({ ...grant, who, effect });
  } catch (error) {
    const typed = { who, effect, pattern: grant.pattern, actions: form.getAll("action") };
    return draw(call, services, { ...refusedBy(error), typed });
  }
  return seeOther(at.rules());
}

async function remove(call: RequestContext, services: Services): Promise<Response> {
  const id = (await readForm(call, services)).get("id") ?? "";
  const isId = /^[1-9][0-9]{0,14}$/.test(id);
  if (!isId || !(await accountsOf(call, services).removeRule(Number(id)))) {
    throw new RegistryError("RULE_UNKNOWN");
  }
  return seeOther(at.rules());
}

/** `/access/rules`. */
export const rulePages = [
  ...shownAt("showRulesPage", "/access/rules", "The page of rules", (call, services) =>
    draw(call, services, {}),
  ),
  ...sentTo("addRuleByForm", "/access/rules", "Add a rule", add),
  ...sentTo("removeRuleByForm", "/access/rules/remove", "Remove a rule", remove),
];
