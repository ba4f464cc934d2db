// The page of the own account, by the function of `/v1/account/password`.
import { AccessInputError } from "../../access/inputError.ts";
import { at } from "../../pages/addresses.ts";
import { callerOf } from "../door.ts";
import { operation } from "../operation.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { readSessionCookie, sessionCookie } from "../sessionCookie.ts";
import { changeOwnPassword } from "../v1/account.ts";
import { framed, seeOther, sendPage } from "./answer.ts";
import { readForm } from "./forms.ts";
import { type Refused, refusedBy } from "./refused.ts";

async function draw(
  call: RequestContext,
  services: Services,
  refused: Refused | null,
): Promise<Response> {
  const { principal } = call.rights;
  const { said = null, status = 200 } = refused ?? {};
  const { accountPage } = await import("../../pages/account.tsx");
  const view = {
    said,
    hasPassword: principal.kind === "user",
    isChanged: refused === null && queryOf(call).get("changed") === "yes",
  };
  return sendPage(accountPage(await framed(call, services), view), { status });
}

async function change(call: RequestContext, services: Services): Promise<Response> {
  const form = await readForm(call, services);
  const [current, next] = [form.get("current") ?? "", form.get("password") ?? ""];
  try {
    if (next !== form.get("again")) {
      throw new AccessInputError("The new passwords differ: type the same one twice.");
    }
    const name = await changeOwnPassword(call, services, { current, next });
    return seeOther(at.account({ changed: "yes" }), await goOn(call, services, name, next));
  } catch (error) {
    return draw(call, services, refusedBy(error));
  }
}

/** All logins of the old password have ended; this browser gets a new one. */
async function goOn(
  call: RequestContext,
  { sessions, names }: Services,
  name: string,
  password: string,
): Promise<Record<string, string>> {
  if (readSessionCookie(call, names) === null) return {};
  const secret = await sessions.logIn({ name, password }, callerOf(call, names));
  return { "set-cookie": sessionCookie(call, names, secret) };
}

const own = {
  ...({ action: "operate", target: "server", needs: "login", tag: "operations" } as const),
  ...{ path: "/account", doc: null },
} as const;

/** `/account`. */
export const accountPages = [
  ...operation({
    ...{ ...own, id: "showAccount", method: "GET", summary: "The page of the own account" },
    handle: (call, services) => draw(call, services, null),
  }),
  ...operation({
    ...{ ...own, id: "changePasswordByForm", method: "POST" },
    ...{ summary: "Change the own password", handle: change },
  }),
];
