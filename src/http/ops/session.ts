// A browser's login: the form, what it sends, and the end of the session.
import { RegistryError } from "../../errors.ts";
import { assertOwnPage } from "../crossSite.ts";
import { callerOf } from "../door.ts";
import { operation } from "../operation.ts";
import { seeOther } from "../pages/answer.ts";
import { readForm, safeNext } from "../pages/forms.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { formChallenge, readSessionCookie, sessionCookie } from "../sessionCookie.ts";
import { uncached } from "../v1/requests.ts";
import { loginPage, loginPolicy } from "./loginPage.ts";

/** It says nothing of whether there is such an account. */
const wrong = "The name or the password is wrong.";

async function show(call: RequestContext, services: Services): Promise<Response> {
  const next = safeNext(queryOf(call).get("next"));
  // Without a login there is nothing to do here.
  if (await services.access.isOpen()) return seeOther(next);
  return page(200, { next, name: "", said: null });
}

async function logIn(call: RequestContext, services: Services): Promise<Response> {
  const { access, sessions, names } = services;
  const form = await readForm(call, services);
  const next = safeNext(form.get("next"));
  if (await access.isOpen()) return seeOther(next);
  const name = form.get("name") ?? "";
  const login = { name, password: form.get("password") ?? "" };
  try {
    const secret = await sessions.logIn(login, callerOf(call, names));
    if (secret === null) return page(401, { next, name, said: wrong });
    return seeOther(next, { "set-cookie": sessionCookie(call, names, secret) });
  } catch (error) {
    if (!(error instanceof RegistryError) || error.situation !== "LOGINS_TOO_MANY") throw error;
    const { status, message, retryAfter = 1 } = error;
    return page(status, { next, name, said: message }, { "retry-after": String(retryAfter) });
  }
}

async function logOut(call: RequestContext, services: Services): Promise<Response> {
  const { names, sessions } = services;
  const secret = readSessionCookie(call, names);
  if (secret !== null) {
    assertOwnPage(call.request);
    const everywhere = (await readForm(call, services)).get("everywhere") === "yes";
    const from = { address: call.address(), requestId: call.requestId };
    await sessions.end(secret, everywhere, from);
  }
  return seeOther("/login", { "set-cookie": sessionCookie(call, names, null) });
}

function page(
  status: number,
  shown: Parameters<typeof loginPage>[0],
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(loginPage(shown), {
    status,
    headers: {
      ...{ ...uncached, ...headers, "content-type": "text/html; charset=utf-8" },
      ...(status === 401 ? { "www-authenticate": formChallenge } : {}),
      ...{ "content-security-policy": loginPolicy, "referrer-policy": "same-origin" },
    },
  });
}

const shared = {
  action: "operate",
  target: "server",
  needs: "nothing",
  tag: "operations",
} as const;

/** `/login` and `/logout`. */
export const sessionOperations = [
  ...operation({
    ...{ ...shared, id: "getLogin", method: "GET", path: "/login" },
    ...{ summary: "The form for a login", handle: show, doc: null },
  }),
  ...operation({
    ...{ ...shared, action: "login", id: "logIn", method: "POST", path: "/login" },
    ...{ summary: "Log in with a browser", handle: logIn, doc: null },
  }),
  ...operation({
    ...{ ...shared, id: "logOut", method: "POST", path: "/logout" },
    ...{ summary: "End a browser's login", handle: logOut, doc: null },
  }),
];
