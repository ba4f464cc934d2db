// One way to each documented answer about checks of the store.
import { type Ask, send } from "./documentedAnswers.ts";

const unknown = "/v1/checks/01a1f7e6-5c2d-7a41-8e35-7b1d4c2f8a66";

/** While no check is running. */
const start =
  (headers: Readonly<Record<string, string>> = {}, body: string | null = null): Ask =>
  async (world) => {
    // A database that cannot be read is what some of the tests want.
    await world.registry.checks.ended("the test has ended it").catch(() => {});
    return send("POST /v1/checks", headers, body)(world);
  };

/** About a check that has begun. */
const ask =
  (method: string): Ask =>
  async (world) => {
    const { headers } = await start()(world);
    return send(`${method} ${headers.get("location")}`)(world);
  };

/** One way to each answer of a healthy server. */
export const healthyChecks: Readonly<Record<string, Ask>> = {
  "startCheck 202": start(),
  "startCheck 409": async (world) => {
    await start()(world);
    return send("POST /v1/checks")(world);
  },
  "startCheck 413": start({}, " ".repeat(4097)),
  "startCheck 415": start({ "Content-Encoding": "gzip" }, "{}"),
  "listChecks 200": send("GET /v1/checks"),
  "headChecks 200": send("HEAD /v1/checks"),
  "getCheck 200": ask("GET"),
  "getCheck 404": send(`GET ${unknown}`),
  "headCheck 200": ask("HEAD"),
  "headCheck 404": send(`HEAD ${unknown}`),
};

/** A request to each operation that would succeed. */
export const plainChecks: Readonly<Record<string, Ask>> = {
  startCheck: start(),
  listChecks: send("GET /v1/checks"),
  headChecks: send("HEAD /v1/checks"),
  getCheck: send(`GET ${unknown}`),
  headCheck: send(`HEAD ${unknown}`),
};
