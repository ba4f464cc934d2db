// Trust rules, for administrators. Thin: the functions are those of `breadbox trust`.

import { type TrustKind, trustKinds } from "../../access/trust.ts";
import { isoTime, timeOrNull } from "../../amounts.ts";
import { RegistryError } from "../../errors.ts";
import { empty, json } from "../answers.ts";
import {
  acme,
  badBody,
  forAdministrators,
  listAnswers,
  newTrust,
  ofAccount,
  shown,
  trustSchema,
  whileManaging,
} from "../docs/access.ts";
import { failures, inside, jsonBody } from "../docs/answers.ts";
import { after, limit } from "../docs/objectStore.ts";
import { type Call, operation } from "../operation.ts";
import type { RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { answerPage, grantsOf, managing, readManaged, trustOf } from "./accounts.ts";
import { invalid, uncached } from "./requests.ts";

const rules = "/v1/trust";
const address = "/v1/trust/:trust";

type Listed = Awaited<ReturnType<ReturnType<typeof trustOf>["list"]>>[number];

function printed(rule: Listed) {
  const { name, kind, issuer, demands, bound, allowsPullRequests, ca, grants } = rule;
  return {
    ...{ name, kind, issuer },
    // Claims are values here: as names of members they would be part of the API.
    claims: Object.entries(demands).map(([claim, values]) => ({ name: claim, values })),
    bound,
    ...{ pull_requests: allowsPullRequests, has_ca: ca !== null, grants },
    ...{ created_at: isoTime(rule.createdAt), last_used_at: timeOrNull(rule.lastUsedAt) },
  };
}

async function list(call: RequestContext, services: Services): Promise<Response> {
  const items = await trustOf(call, services).list();
  const keyOf = ({ name }: Listed) => name;
  return answerPage(call, { path: rules, name: "trust", items, keyOf, print: printed });
}

async function create(call: RequestContext, services: Services): Promise<Response> {
  const body = await readManaged(call, newTrust, services);
  const { place, grants, issuer = null, name = null, id = null, ca = null } = body;
  const { refs = [], claims = [], pull_requests: allowsPullRequests = false } = body;
  const typed = { kind: readKind(body.kind), place, issuer, name, id, refs, claims };
  const trust = trustOf(call, services);
  const made = await trust.add({ ...typed, allowsPullRequests, ca }, grantsOf(grants));
  if (made === null) throw new RegistryError("TRUST_EXISTS");
  const headers = { ...uncached, location: `${rules}/${made.name}` };
  return json({ name: made.name }, { status: 201, headers });
}

/** @throws RegistryError REQUEST_INVALID */
function readKind(text: string): TrustKind {
  const kind = trustKinds.find((each) => each === text);
  if (kind === undefined) throw invalid(`kind must be one of ${trustKinds.join(", ")}`);
  return kind;
}

async function remove(call: Call<typeof address>, services: Services): Promise<Response> {
  if (!(await trustOf(call, services).remove(call.params.trust))) {
    throw new RegistryError("TRUST_UNKNOWN");
  }
  return empty(204, {});
}

/** `/v1/trust` and `/v1/trust/<trust>`. */
export const trustOperations = [
  ...operation({
    ...{ ...managing, id: "listTrust", method: "GET", path: rules },
    ...{ summary: "List trusted issuers", handle: list },
    doc: () => ({
      description: "The trust rules, which let CI jobs in by the ID tokens of their issuers.",
      parameters: [limit(100, "1000 is the largest page"), after("name")],
      responses: listAnswers(rules, "trust", [trustSchema, acme]),
    }),
  }),
  ...operation({
    ...{ ...managing, id: "createTrust", method: "POST", path: rules },
    ...{ summary: "Trust the jobs of a repository", handle: create },
    doc: () => ({
      description:
        "Adds a trust rule, with the grants of its jobs. Without `id` the first job that comes under the name binds the rule to its repository.",
      requestBody: jsonBody("The trust rule.", newTrust, {
        ...{ kind: "github", place: "acme/app", id: "123456" },
        grants: [{ pattern: "lab/**", actions: ["pull", "push"] }],
      }),
      responses: {
        201: shown("Jobs that meet it are let in.", [
          { type: "object", properties: { name: { type: "string" } } },
          { name: "acme/app" },
        ]),
        ...failures("TRUST_EXISTS", ...badBody, ...forAdministrators, ...whileManaging, ...inside),
      },
    }),
  }),
  ...operation({
    ...{ ...managing, id: "deleteTrust", method: "DELETE", path: address },
    ...{ summary: "Remove a trust rule", handle: remove },
    doc: () => ({
      description:
        "Removes a trust rule and the rules about its jobs. What was issued to them is void. Slashes in the name are not escaped.",
      parameters: [ofAccount("trust")],
      responses: {
        204: { description: "The rule is removed." },
        ...failures("TRUST_UNKNOWN", ...forAdministrators, ...whileManaging, ...inside),
      },
    }),
  }),
];
