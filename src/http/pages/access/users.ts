// The pages of users. The functions are those of `/v1/users` and `breadbox user`.
import { RegistryError } from "../../../errors.ts";
import { at } from "../../../pages/addresses.ts";
import type { RequestContext } from "../../requestContext.ts";
import type { Services } from "../../services.ts";
import { accountsOf } from "../../v1/accounts.ts";
import { framed, seeOther, sendPage } from "../answer.ts";
import { readForm } from "../forms.ts";
import { type Refused, refusedBy } from "../refused.ts";
import { pageAt, ruleText, sentTo, shownAt } from "./shared.ts";

/** A form that was refused, with the name that was typed. */
interface Again extends Refused {
  readonly typed: string;
}

async function drawList(
  call: RequestContext,
  services: Services,
  again: Again | null,
): Promise<Response> {
  const { users: items } = await accountsOf(call, services).list();
  const { page, next } = pageAt(call, at.users, { items, keyOf: ({ name }) => name });
  const { usersPage } = await import("../../../pages/access/users.tsx");
  const { typed = "", said = null, status = 200 } = again ?? {};
  const frame = await framed(call, services);
  return sendPage(usersPage(frame, { users: page, next, typed, said }), { status });
}

async function add(call: RequestContext, services: Services): Promise<Response> {
  const form = await readForm(call, services);
  const name = form.get("name") ?? "";
  const isAdmin = form.get("administrator") === "yes";
  try {
    const user = { password: form.get("password") ?? "", isAdmin };
    if (!(await accountsOf(call, services).addUser(name, user))) {
      throw new RegistryError("USER_EXISTS");
    }
  } catch (error) {
    return drawList(call, services, { ...refusedBy(error), typed: name });
  }
  return seeOther(isAdmin ? at.users : at.user(name));
}

async function drawUser(
  call: RequestContext,
  services: Services,
  refused: Refused | null,
): Promise<Response> {
  const { user: asked } = call.params;
  const { users, rules } = await accountsOf(call, services).list();
  const user = users.find(({ name }) => name === asked);
  if (user === undefined) throw new RegistryError("USER_UNKNOWN");
  const own = rules.filter(({ who }) => who === `user:${user.name}`).map(ruleText);
  const { userPage } = await import("../../../pages/access/users.tsx");
  const { said = null, status = 200 } = refused ?? {};
  const frame = await framed(call, services);
  return sendPage(userPage(frame, { user, rules: own, said }), { status });
}

type Accounts = ReturnType<typeof accountsOf>;
type Change = (accounts: Accounts, name: string, form: URLSearchParams) => Promise<boolean>;

const changes: Readonly<Record<string, Change>> = {
  password: (accounts, name, form) => accounts.changePassword(name, form.get("password") ?? ""),
  disable: (accounts, name) => accounts.disableUser(name, true),
  enable: (accounts, name) => accounts.disableUser(name, false),
  promote: (accounts, name) => accounts.promoteUser(name, true),
  demote: (accounts, name) => accounts.promoteUser(name, false),
  remove: (accounts, name) => accounts.removeUser(name),
};

async function change(call: RequestContext, services: Services): Promise<Response> {
  const { user = "" } = call.params;
  const form = await readForm(call, services);
  const asked = form.get("change") ?? "";
  const make = Object.hasOwn(changes, asked) ? changes[asked] : undefined;
  if (make === undefined) throw new RegistryError("REQUEST_INVALID");
  try {
    if (!(await make(accountsOf(call, services), user, form))) {
      throw new RegistryError("USER_UNKNOWN");
    }
  } catch (error) {
    return drawUser(call, services, refusedBy(error));
  }
  return seeOther(asked === "remove" ? at.users : at.user(user));
}

/** `/access/users` and `/access/users/<user>`. */
export const userPages = [
  ...shownAt("showUsersPage", "/access/users", "The page of users", (call, services) =>
    drawList(call, services, null),
  ),
  ...sentTo("addUserByForm", "/access/users", "Add a user", add),
  ...shownAt("showUserPage", "/access/users/:user", "The page of a user", (call, services) =>
    drawUser(call, services, null),
  ),
  ...sentTo("changeUserByForm", "/access/users/:user", "Change a user", change),
];
