// Access tokens, for administrators. Thin: the functions are those of `breadbox token`.
import { isoTime, timeOrNull } from "../../amounts.ts";
import { RegistryError } from "../../errors.ts";
import { empty, json } from "../answers.ts";
import {
  badBody,
  ci,
  forAdministrators,
  listAnswers,
  madeToken,
  newToken,
  ofAccount,
  shown,
  tokenSchema,
  whileManaging,
} from "../docs/access.ts";
import { failures, inside, jsonBody } from "../docs/answers.ts";
import { after, limit } from "../docs/objectStore.ts";
import { type Call, operation } from "../operation.ts";
import type { RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { accountsOf, answerPage, grantsOf, managing, readManaged } from "./accounts.ts";
import { uncached } from "./requests.ts";

const tokens = "/v1/tokens";
const address = "/v1/tokens/:token";

type Token = Awaited<ReturnType<ReturnType<typeof accountsOf>["list"]>>["tokens"][number];

function printed({ name, createdAt, expiresAt, revokedAt, lastUsedAt }: Token) {
  return {
    ...{ name, created_at: isoTime(createdAt), expires_at: timeOrNull(expiresAt) },
    ...{ revoked_at: timeOrNull(revokedAt), last_used_at: timeOrNull(lastUsedAt) },
  };
}

async function list(call: RequestContext, services: Services): Promise<Response> {
  const { tokens: items } = await accountsOf(call, services).list();
  const keyOf = ({ name }: Token) => name;
  return answerPage(call, { path: tokens, name: "tokens", items, keyOf, print: printed });
}

async function create(call: RequestContext, services: Services): Promise<Response> {
  const { name, grants, expires_in: seconds } = await readManaged(call, newToken, services);
  const accounts = accountsOf(call, services);
  const lastsMs = seconds === undefined ? null : Math.round(seconds * 1000);
  const endsAt = lastsMs === null ? null : accounts.now() + lastsMs;
  const token = await accounts.createToken(name, { grants: grantsOf(grants), lastsMs });
  if (token === null) throw new RegistryError("TOKEN_EXISTS");
  const headers = { ...uncached, location: `${tokens}/${name}` };
  return json({ name, token, expires_at: timeOrNull(endsAt) }, { status: 201, headers });
}

async function revoke(call: Call<typeof address>, services: Services): Promise<Response> {
  if (!(await accountsOf(call, services).revokeToken(call.params.token))) {
    throw new RegistryError("TOKEN_UNKNOWN");
  }
  return empty(204, {});
}

/** `/v1/tokens` and `/v1/tokens/<token>`. */
export const accessTokenOperations = [
  ...operation({
    ...{ ...managing, id: "listTokens", method: "GET", path: tokens },
    ...{ summary: "List access tokens", handle: list },
    doc: () => ({
      description:
        "The tokens, in the order of their names, without their texts: only a hash is stored.",
      parameters: [limit(100, "1000 is the largest page"), after("name")],
      responses: listAnswers(tokens, "tokens", [tokenSchema, ci]),
    }),
  }),
  ...operation({
    ...{ ...managing, id: "createToken", method: "POST", path: tokens },
    ...{ summary: "Create an access token", handle: create },
    doc: () => ({
      description:
        "Creates a token with rights of its own. The answer is the only one that shows it.",
      requestBody: jsonBody("The token.", newToken, {
        ...{ name: "ci", grants: [{ pattern: "lab/**", actions: ["pull", "push"] }] },
        expires_in: 7_776_000,
      }),
      responses: {
        201: shown("The token is good.", [
          madeToken,
          { name: "ci", token: "bbx_…", expires_at: ci.expires_at },
        ]),
        ...failures("TOKEN_EXISTS", ...badBody, ...forAdministrators, ...whileManaging, ...inside),
      },
    }),
  }),
  ...operation({
    ...{ ...managing, id: "revokeToken", method: "DELETE", path: address },
    ...{ summary: "Revoke an access token", handle: revoke },
    doc: () => ({
      description:
        "Ends a token at once, and removes the rules about it. Its name is not given again.",
      parameters: [ofAccount("token")],
      responses: {
        204: { description: "The token is revoked." },
        ...failures("TOKEN_UNKNOWN", ...forAdministrators, ...whileManaging, ...inside),
      },
    }),
  }),
];
