// A browser's login: the form, what it sends, and the end of the session.
import { RegistryError } from "../../errors.ts";
import type { LoginForm } from "../../pages/login.tsx";
import { assertOwnPage } from "../crossSite.ts";
import { callerOf } from "../door.ts";
import { operation } from "../operation.ts";
import { framed, seeOther, sendPage } from "../pages/answer.ts";

import { readForm, safeNext } from "../pages/forms.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { formChallenge, readSessionCookie, sessionCookie } from "../sessionCookie.ts";

/** It says nothing of whether there is such an account. */
const wrong = "The name or the password is wrong.";

async function show(call: RequestContext, services: Services): Promise<Response> {
  const next = safeNext(queryOf(call).get("next"));
  // Without a login there is nothing to do here.
  if (await services.access.isOpen()) return seeOther(next);
  return draw(call, services, { status: 200, form: { next, name: "", said: null } });
}

async function logIn(call: RequestContext, services: Services): Promise<Response> {
  const { access, sessions, names } = services;
  const sent = await readForm(call, services);
  const next = safeNext(sent.get("next"));
  if (await access.isOpen()) return seeOther(next);
  const name = sent.get("name") ?? "";
  const login = { name, password: sent.get("password") ?? "" };
  try {
    const secret = await sessions.logIn(login, callerOf(call, names));
    if (secret === null) {
      const headers = { "www-authenticate": formChallenge };
      return draw(call, services, { status: 401, form: { next, name, said: wrong }, headers });
    }
    return seeOther(next, { "set-cookie": sessionCookie(call, names, secret) });
  } catch (error) {
    if (!(error instanceof RegistryError) || error.situation !== "LOGINS_TOO_MANY") throw error;
    const { status, message, retryAfter = 1 } = error;
    const headers = { "retry-after": String(retryAfter) };
    const said = `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
    return draw(call, services, { status, form: { next, name, said }, headers });
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

/** The form as it is sent. */
interface Drawn {
  readonly status: number;
  readonly form: LoginForm;
  readonly headers?: Record<string, string>;
}

async function draw(
  call: RequestContext,
  services: Services,
  { form, ...init }: Drawn,
): Promise<Response> {
  const { loginPage } = await import("../../pages/login.tsx");
  return sendPage(loginPage(await framed(call, services), form), init);
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
