// Rules, and what somebody may do by them, for administrators. Thin: the functions are those of `breadbox access`.
import { isoTime } from "../../amounts.ts";
import { RegistryError } from "../../errors.ts";
import { empty, json } from "../answers.ts";
import {
  badBody,
  bobMayPush,
  forAdministrators,
  listAnswers,
  newRule,
  ofAccount,
  ruleSchema,
  shown,
  verdictSchema,
  whileManaging,
} from "../docs/access.ts";
import { failures, inside, jsonBody } from "../docs/answers.ts";
import { text } from "../docs/gc.ts";
import { after, limit } from "../docs/objectStore.ts";
import type { Parameter } from "../docs/types.ts";
import { type Call, operation } from "../operation.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { accountsOf, answerPage, grantsOf, managing, readManaged } from "./accounts.ts";
import { invalid, uncached } from "./requests.ts";

const rules = "/v1/rules";
const address = "/v1/rules/:rule";

type Rule = Awaited<ReturnType<ReturnType<typeof accountsOf>["list"]>>["rules"][number];

function printed({ id, who, effect, pattern, actions, createdAt }: Rule) {
  return {
    ...{ id, who, effect, pattern, actions: actions.split(",") },
    created_at: isoTime(createdAt),
  };
}

async function list(call: RequestContext, services: Services): Promise<Response> {
  const { rules: items } = await accountsOf(call, services).list();
  const keyOf = ({ id }: Rule) => id;
  return answerPage(call, { path: rules, name: "rules", items, keyOf, print: printed });
}

async function create(call: RequestContext, services: Services): Promise<Response> {
  const body = await readManaged(call, newRule, services);
  const { who, effect } = body;
  if (effect !== "allow" && effect !== "deny") throw invalid("effect must be allow or deny");
  const [grant] = grantsOf([body]);
  if (grant === undefined) throw invalid("pattern and actions are missing");
  const id = await accountsOf(call, services).addRule({ ...grant, who, effect });
  return json({ id }, { status: 201, headers: { ...uncached, location: `${rules}/${id}` } });
}

async function remove(call: Call<typeof address>, services: Services): Promise<Response> {
  const id = /^[1-9][0-9]{0,14}$/.test(call.params.rule) ? Number(call.params.rule) : 0;
  if (!(await accountsOf(call, services).removeRule(id))) throw new RegistryError("RULE_UNKNOWN");
  return empty(204, {});
}

async function explain(call: RequestContext, services: Services): Promise<Response> {
  const query = queryOf(call);
  const asked = (name: string): string => {
    const value = query.get(name);
    if (value === null) throw invalid(`${name} is missing`);
    return value;
  };
  const { isAllowed, rule, why } = await accountsOf(call, services).explain({
    ...{ who: asked("who"), action: asked("action"), what: asked("resource") },
  });
  return json({ allowed: isAllowed, rule, why }, { headers: uncached });
}

const asked = (name: string, description: string, example: string): Parameter => ({
  ...({ in: "query", required: true } as const),
  ...{ name, description, example, schema: text },
});

/** `/v1/rules`, `/v1/rules/<rule>` and `/v1/access`. */
export const ruleOperations = [
  ...operation({
    ...{ ...managing, id: "listRules", method: "GET", path: rules },
    ...{ summary: "List rules", handle: list },
    doc: () => ({
      description: "The rules, in the order in which they were added.",
      parameters: [limit(100, "1000 is the largest page"), after("id")],
      responses: listAnswers(rules, "rules", [ruleSchema, bobMayPush]),
    }),
  }),
  ...operation({
    ...{ ...managing, id: "createRule", method: "POST", path: rules },
    ...{ summary: "Add a rule", handle: create },
    doc: () => ({
      description:
        "Allows or denies actions to somebody. What no rule allows is denied; where rules about the same caller say both, deny wins.",
      requestBody: jsonBody("The rule.", newRule, {
        ...{ who: "bob", effect: "allow", pattern: "lab/**", actions: ["pull", "push"] },
      }),
      responses: {
        201: shown("It holds from the next request on.", [
          { type: "object", properties: { id: { type: "integer" } } },
          { id: 7 },
        ]),
        ...failures(...badBody, ...forAdministrators, ...whileManaging, ...inside),
      },
    }),
  }),
  ...operation({
    ...{ ...managing, id: "deleteRule", method: "DELETE", path: address },
    ...{ summary: "Remove a rule", handle: remove },
    doc: () => ({
      description: "Removes a rule.",
      parameters: [ofAccount("rule")],
      responses: {
        204: { description: "The rule is removed." },
        ...failures("RULE_UNKNOWN", ...forAdministrators, ...whileManaging, ...inside),
      },
    }),
  }),
  ...operation({
    ...{ ...managing, id: "explainAccess", method: "GET", path: "/v1/access" },
    ...{ summary: "Ask who may do what", handle: explain },
    doc: () => ({
      description: "Whether somebody may do something, and which rule decides.",
      parameters: [
        asked("who", "As `who` of a rule.", "bob"),
        asked("action", "`pull`, `push`, `overwrite`, `delete` or `admin`.", "push"),
        asked(
          "resource",
          "`team/app`, `bucket:NAME`, `bucket:NAME/OBJECT` or `server:AREA`.",
          "lab/app",
        ),
      ],
      responses: {
        200: shown("The answer.", [
          verdictSchema,
          { allowed: true, rule: 7, why: "rule 7: allow user:bob lab/** pull,push" },
        ]),
        ...failures("REQUEST_INVALID", ...forAdministrators, ...inside),
      },
    }),
  }),
];
