// The set-up link: its page, and the request that makes the first administrator. The secret comes in the body, so that no log of a
// proxy has it. Unknown addresses on every other server.
import { Type } from "@sinclair/typebox";
import { RegistryError } from "../../errors.ts";
import { json } from "../answers.ts";
import { operation } from "../operation.ts";
import { framed, sendPage } from "../pages/answer.ts";
import type { RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { sessionCookie } from "../sessionCookie.ts";
import { readBody, uncached } from "../v1/requests.ts";

const account = Type.Object({
  secret: Type.String(),
  name: Type.String(),
  password: Type.String(),
});
/** Bytes; a password has 1024 at most, and JSON may spell each with six characters. */
const longestBody = 16 * 1024;

/** @throws RegistryError ROUTE_UNKNOWN where there is no such link. */
function setupOf({ setup }: Services): NonNullable<Services["setup"]> {
  if (setup === null) throw new RegistryError("ROUTE_UNKNOWN");
  return setup;
}

async function show(call: RequestContext, services: Services): Promise<Response> {
  await setupOf(services).assertOpen();
  const { setupPage } = await import("../../pages/setup.tsx");
  return sendPage(setupPage(await framed(call, services)));
}

async function finish(call: RequestContext, services: Services): Promise<Response> {
  const setup = setupOf(services);
  await setup.assertOpen();
  const given = await readBody(call, account, { longest: longestBody, pace: services.pace });
  const from = { address: call.address(), requestId: call.requestId };
  const made = await setup.finish(given, from);
  const { name } = given;
  services.telemetry.log.info(
    { event: "user.add", who: "setup", user: name, ...from },
    `administrator ${name} created by the set-up link`,
  );
  const { sessions, names } = services;
  const secret = await sessions.begin(made);
  const headers = { ...uncached, "set-cookie": sessionCookie(call, names, secret) };
  return json({ name }, { status: 201, headers });
}

const shared = {
  path: "/setup",
  action: "operate",
  target: "server",
  needs: "nothing",
  tag: "operations",
  servedIf: "setup",
  doc: null,
} as const;

/** `/setup`. */
export const setupOperations = [
  ...operation({
    ...shared,
    id: "getSetup",
    method: "GET",
    summary: "The page of the set-up link",
    handle: show,
  }),
  ...operation({
    ...shared,
    id: "finishSetup",
    method: "POST",
    summary: "Create the first administrator",
    handle: finish,
  }),
];
