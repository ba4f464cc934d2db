// Users, for administrators. Thin: the functions are those of `breadbox user`.
import { isoTime, timeOrNull } from "../../amounts.ts";
import { RegistryError } from "../../errors.ts";
import { empty, json } from "../answers.ts";
import {
  ann,
  badBody,
  changedUser,
  forAdministrators,
  listAnswers,
  newUser,
  ofAccount,
  shown,
  userSchema,
  whileManaging,
} from "../docs/access.ts";
import { failures, inside, jsonBody } from "../docs/answers.ts";
import { after, limit } from "../docs/objectStore.ts";
import { type Call, operation } from "../operation.ts";
import type { RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { accountsOf, answerPage, managing, readManaged } from "./accounts.ts";
import { invalid, uncached } from "./requests.ts";

const users = "/v1/users";
const address = "/v1/users/:user";

type User = Awaited<ReturnType<ReturnType<typeof accountsOf>["list"]>>["users"][number];

function printed({ name, isAdmin, disabledAt, createdAt }: User) {
  return {
    ...{ name, administrator: isAdmin, disabled_at: timeOrNull(disabledAt) },
    created_at: isoTime(createdAt),
  };
}

async function list(call: RequestContext, services: Services): Promise<Response> {
  const { users: items } = await accountsOf(call, services).list();
  const keyOf = ({ name }: User) => name;
  return answerPage(call, { path: users, name: "users", items, keyOf, print: printed });
}

async function create(call: RequestContext, services: Services): Promise<Response> {
  const { name, password, administrator = false } = await readManaged(call, newUser, services);
  const accounts = accountsOf(call, services);
  if (!(await accounts.addUser(name, { password, isAdmin: administrator }))) {
    throw new RegistryError("USER_EXISTS");
  }
  const made = { name, isAdmin: administrator, disabledAt: null, createdAt: accounts.now() };
  return json(printed(made), {
    status: 201,
    headers: { ...uncached, location: `${users}/${name}` },
  });
}

async function change(call: Call<typeof address>, services: Services): Promise<Response> {
  const body = await readManaged(call, changedUser, services);
  if (Object.keys(body).length !== 1) {
    throw invalid("name one of password, disabled and administrator: each is a change of its own");
  }
  const { user } = call.params;
  const { password, disabled, administrator = false } = body;
  const accounts = accountsOf(call, services);
  const changed =
    password !== undefined
      ? accounts.changePassword(user, password)
      : disabled !== undefined
        ? accounts.disableUser(user, disabled)
        : accounts.promoteUser(user, administrator);
  if (!(await changed)) throw new RegistryError("USER_UNKNOWN");
  return empty(204, {});
}

async function remove(call: Call<typeof address>, services: Services): Promise<Response> {
  if (!(await accountsOf(call, services).removeUser(call.params.user))) {
    throw new RegistryError("USER_UNKNOWN");
  }
  return empty(204, {});
}

/** `/v1/users` and `/v1/users/<user>`. */
export const userOperations = [
  ...operation({
    ...{ ...managing, id: "listUsers", method: "GET", path: users },
    ...{ summary: "List users", handle: list },
    doc: () => ({
      description: "The users of the database, in the order of their names.",
      parameters: [limit(100, "1000 is the largest page"), after("name")],
      responses: listAnswers(users, "users", [userSchema, ann]),
    }),
  }),
  ...operation({
    ...{ ...managing, id: "createUser", method: "POST", path: users },
    ...{ summary: "Add a user", handle: create },
    doc: () => ({
      description: "Adds a user, who may do nothing until a rule allows it.",
      requestBody: jsonBody("The user.", newUser, { name: "bob", password: "correct horse" }),
      responses: {
        201: shown("The user can log in.", [userSchema, { ...ann, name: "bob" }]),
        ...failures("USER_EXISTS", ...badBody, ...forAdministrators, ...whileManaging, ...inside),
      },
    }),
  }),
  ...operation({
    ...{ ...managing, id: "changeUser", method: "PATCH", path: address },
    ...{ summary: "Change a user", handle: change },
    doc: () => ({
      description:
        "Changes one thing. Another password, and a user who is disabled, void at once what was issued to the user: bearer and refresh tokens, and browsers' logins.",
      parameters: [ofAccount("user")],
      requestBody: jsonBody("What changes.", changedUser, { disabled: true }),
      responses: {
        204: { description: "It holds from the next request on." },
        ...failures("USER_UNKNOWN", ...badBody, ...forAdministrators, ...whileManaging, ...inside),
      },
    }),
  }),
  ...operation({
    ...{ ...managing, id: "deleteUser", method: "DELETE", path: address },
    ...{ summary: "Remove a user", handle: remove },
    doc: () => ({
      description: "Removes a user and the rules about the user.",
      parameters: [ofAccount("user")],
      responses: {
        204: { description: "The user is removed." },
        ...failures("USER_UNKNOWN", ...forAdministrators, ...whileManaging, ...inside),
      },
    }),
  }),
];
