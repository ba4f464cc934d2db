// The own account of who asks. Thin: the functions are those of `breadbox user passwd`, behind the password that holds now.
import { RegistryError } from "../../errors.ts";
import { empty } from "../answers.ts";
import { badBody, newOwnPassword, whileManaging } from "../docs/access.ts";
import { failures, inside, jsonBody } from "../docs/answers.ts";
import { callerOf } from "../door.ts";
import { operation } from "../operation.ts";
import type { RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { accountsOf, readManaged } from "./accounts.ts";

/** The password that holds, and the one that is to hold. */
export interface PasswordChange {
  readonly current: string;
  readonly next: string;
}

/**
 * Changes the password of the user who asks. What was issued to the old one is void.
 * @returns the name of the user.
 * @throws RegistryError PASSWORD_NONE for who is no user of the database, PASSWORD_WRONG, LOGINS_TOO_MANY
 * @throws AccessInputError for a new password that cannot be used.
 */
export async function changeOwnPassword(
  call: RequestContext,
  services: Services,
  { current, next }: PasswordChange,
): Promise<string> {
  const { principal } = call.rights;
  if (principal.kind !== "user") throw new RegistryError("PASSWORD_NONE");
  const { name } = principal;
  if (!(await isRight(call, services, name, current))) throw new RegistryError("PASSWORD_WRONG");
  const changed = await accountsOf(call, services).changePassword(name, next);
  // A user of an htpasswd file.
  if (!changed) throw new RegistryError("PASSWORD_NONE");
  return name;
}

/** As a login compares it, so that guesses are slowed down and written down as there. */
async function isRight(
  call: RequestContext,
  { access, names }: Services,
  name: string,
  password: string,
): Promise<boolean> {
  try {
    const login = { kind: "basic", name, password } as const;
    const found = await access.identify(login, callerOf(call, names));
    // An access token is taken in the place of a password, and is none.
    return found?.principal.kind === "user" && found.principal.name === name;
  } catch (error) {
    if (error instanceof RegistryError && error.situation === "UNAUTHORIZED") return false;
    throw error;
  }
}

async function change(call: RequestContext, services: Services): Promise<Response> {
  const body = await readManaged(call, newOwnPassword, services);
  await changeOwnPassword(call, services, { current: body.current_password, next: body.password });
  return empty(204, {});
}

/** `/v1/account/password`. */
export const accountOperations = operation({
  id: "changeOwnPassword",
  method: "PUT",
  path: "/v1/account/password",
  action: "operate",
  target: "server",
  needs: "login",
  tag: "access",
  summary: "Change the own password",
  handle: change,
  doc: () => ({
    description:
      "Changes the password of the user who asks, and voids at once what was issued to the old one: bearer and refresh tokens, and browsers' logins. Wrong current passwords count as failed logins. Users of an htpasswd file and access tokens have no password here.",
    requestBody: jsonBody("Both passwords.", newOwnPassword, {
      current_password: "correct horse",
      password: "battery staple",
    }),
    responses: {
      204: { description: "It holds from the next request on." },
      ...failures(
        ...(["PASSWORD_WRONG", "PASSWORD_NONE", "UNAUTHORIZED"] as const),
        ...[...badBody, ...whileManaging, ...inside],
      ),
    },
  }),
});
