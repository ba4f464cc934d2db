// The token endpoint, in both forms that clients know: GET with Basic (distribution, "Token Authentication Specification") and POST with
// a form (its "OAuth2 Token Authentication"). What a caller may not do is left out of its token, without a word.
import type { Access } from "../../access/access.ts";
import { bearerSeconds, jobBearerSeconds } from "../../access/bearer.ts";
import { type Credentials, readCredentials } from "../../access/credentials.ts";
import { anonymous, type Caller, type Identity } from "../../access/identity.ts";
import { grantedOf } from "../../access/rights.ts";
import { readScopes, type Scope } from "../../access/scopes.ts";
import { RegistryError } from "../../errors.ts";
import { json } from "../answers.ts";
import { readSmallBody } from "../body.ts";
import { always, failures, jsonLike } from "../docs/answers.ts";
import { repository } from "../docs/examples.ts";
import { callerOf } from "../door.ts";
import { AnswerError } from "../errors.ts";
import { type Call, operation } from "../operation.ts";
import { queryOf } from "../requestContext.ts";
import type { Services } from "../services.ts";

const address = "/v2/token";
/** Longest form in bytes: 32 scopes, a password and a token. */
const longestForm = 64 * 1024;
const uncached = { "cache-control": "no-store", pragma: "no-cache" };

/** What a client asks for. */
interface Asked {
  readonly caller: Caller;
  readonly credentials: Credentials;
  /** In place of credentials; null without one. */
  readonly refreshToken: string | null;
  readonly scopes: readonly Scope[];
  /** True when a refresh token is wanted. */
  readonly offline: boolean;
}

function askByQuery(call: Call<typeof address>, { access, names }: Services): Promise<Response> {
  const query = queryOf(call);
  return answer(access, {
    caller: callerOf(call, names),
    credentials: readCredentials(call.request.headers.get("authorization")),
    refreshToken: null,
    scopes: readScopes(query.getAll("scope")),
    offline: query.get("offline_token") === "true",
  });
}

async function askByForm(
  call: Call<typeof address>,
  { access, names, pace }: Services,
): Promise<Response> {
  const bytes = await readSmallBody(call, { kind: "form", maxBytes: longestForm }, pace);
  const form = new URLSearchParams(Buffer.from(bytes).toString());
  const grantType = form.get("grant_type");
  if (grantType !== "password" && grantType !== "refresh_token") {
    throw new RegistryError("REQUEST_INVALID", {
      message: "grant_type must be password or refresh_token",
    });
  }
  const isRefresh = grantType === "refresh_token";
  return answer(access, {
    caller: callerOf(call, names),
    credentials: isRefresh
      ? { kind: "none" }
      : {
          kind: "basic",
          name: form.get("username") ?? "",
          password: form.get("password") ?? "",
        },
    refreshToken: isRefresh ? (form.get("refresh_token") ?? "") : null,
    scopes: readScopes(form.getAll("scope")),
    offline: isRefresh || form.get("access_type") === "offline",
  });
}

async function answer(access: Access, asked: Asked): Promise<Response> {
  // Without a login nobody is sent here.
  if (await access.isOpen()) throw new RegistryError("ROUTE_UNKNOWN");
  const identity = await identify(access, asked);
  const rights = await access.rightsOf({ ...identity, scopes: null });
  const { principal } = identity;
  if (principal.kind === "anonymous" && !rights.mayAnything) throw unauthorized();
  const token = await access.issue(identity, grantedOf(asked.scopes, rights));
  const refresh = asked.refreshToken ?? (await refreshFor(access, identity, asked));
  const issued = new Date(access.now()).toISOString();
  const body = {
    ...{ token, access_token: token, expires_in: access.lifeOf(identity), issued_at: issued },
    ...(refresh === null ? {} : { refresh_token: refresh }),
  };
  return json(body, { headers: uncached });
}

async function refreshFor(
  access: Access,
  identity: Identity,
  { offline }: Asked,
): Promise<string | null> {
  const { kind } = identity.principal;
  return offline && (kind === "user" || kind === "workload") ? access.issueRefresh(identity) : null;
}

/** @throws RegistryError UNAUTHORIZED, LOGINS_TOO_MANY */
async function identify(
  access: Access,
  { caller, credentials, refreshToken, scopes }: Asked,
): Promise<Identity> {
  if (refreshToken !== null) {
    const identity = await access.identifyRefresh(refreshToken, caller);
    if (identity === null) throw unauthorized();
    return identity;
  }
  try {
    const identity = await access.identify(credentials, caller);
    // A bearer token gives no longer life to itself.
    if (identity !== null && identity.scopes === null) return identity;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    if (!(await isOpenToAll(access, scopes))) {
      throw error.situation === "UNAUTHORIZED" ? unauthorized(error) : error;
    }
  }
  // dockerd sends a mirror the login of another registry, and skips the mirror if that is refused.
  if (await isOpenToAll(access, scopes)) return anonymous;
  throw unauthorized();
}

/** True when pulls alone are asked for, and anybody may make them. */
async function isOpenToAll(access: Access, scopes: readonly Scope[]): Promise<boolean> {
  const rights = await access.rightsOf(anonymous);
  const isOpen = (scope: Scope): boolean =>
    scope.type === "repository" &&
    scope.actions.every((action) => action === "pull") &&
    rights.may("pull", { kind: "repository", repository: scope.name });
  return scopes.length > 0 && scopes.every(isOpen);
}

function unauthorized(refusal = new RegistryError("UNAUTHORIZED")): AnswerError {
  return new AnswerError(refusal, {
    "www-authenticate": 'Basic realm="breadbox", charset="UTF-8"',
  });
}

const shared = {
  path: address,
  action: "login",
  target: "server",
  needs: "nothing",
  tag: "registry",
} as const;

const text = { type: "string" as const };
const answers = () => ({
  200: {
    description:
      "A token, twice under the names that clients look for, and for how many seconds it is good. It gives no more than the caller may do; what else was asked for is left out.",
    headers: {
      "Cache-Control": always("Nobody may keep it.", "no-store"),
      Pragma: always("The same, for old caches.", "no-cache"),
    },
    content: jsonLike(
      {
        type: "object",
        required: ["token", "access_token", "expires_in", "issued_at"],
        properties: {
          token: text,
          access_token: text,
          expires_in: {
            type: "integer",
            description: `seconds: ${bearerSeconds}, and ${jobBearerSeconds} for a job with an ID token`,
          },
          issued_at: text,
          refresh_token: { ...text, description: "when it was asked for, to users and to jobs" },
        },
      },
      {
        token: "eyJhbGciOiJFUzI1NiJ9…",
        access_token: "eyJhbGciOiJFUzI1NiJ9…",
        expires_in: bearerSeconds,
        issued_at: "2026-01-01T00:00:00.000Z",
      },
    ),
  },
  ...failures("REQUEST_INVALID", "ROUTE_UNKNOWN", "UNAUTHORIZED", "LOGINS_TOO_MANY"),
});

/** `/v2/token`. */
export const tokenOperations = [
  ...operation({
    ...shared,
    id: "getToken",
    method: "GET",
    summary: "Log in: exchange Basic credentials for a token",
    handle: askByQuery,
    doc: () => ({
      description:
        "Takes the credentials of `Authorization: Basic`: a user and a password, or any name and an access token, or any name and the ID token of a job that a trust rule takes. Without credentials the token is that of an anonymous caller. On a server without a login the address is unknown. Source: distribution, _Token Authentication Specification_.",
      parameters: [
        {
          name: "scope",
          in: "query",
          description: "What the token is for; may be repeated.",
          schema: text,
          example: `repository:${repository}:pull,push`,
        },
        {
          name: "offline_token",
          in: "query",
          description: "`true` asks for a refresh token, too.",
          schema: text,
        },
      ],
      responses: answers(),
    }),
  }),
  ...operation({
    ...shared,
    id: "postToken",
    method: "POST",
    summary: "Log in: exchange a password or a refresh token for a token",
    handle: askByForm,
    doc: () => ({
      description:
        "Takes a form: `grant_type` is `password` (with `username` and `password`) or `refresh_token` (with `refresh_token`); `scope` has scopes with spaces in between; `access_type` `offline` asks for a refresh token. Source: distribution, _OAuth2 Token Authentication_.",
      requestBody: {
        description: "The form.",
        required: true,
        content: {
          "application/x-www-form-urlencoded": {
            schema: {
              type: "object",
              required: ["grant_type"],
              properties: {
                grant_type: { ...text, enum: ["password", "refresh_token"] },
                username: text,
                password: text,
                refresh_token: text,
                scope: text,
                access_type: text,
              },
            },
          },
        },
      },
      responses: answers(),
    }),
  }),
];
