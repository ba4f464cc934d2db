// Accounts of a race: users, tokens and rules are made, used and ended, while everybody else works. What was ended is refused from the next
// request on, and what was not is let in.
import { basic } from "../../http/support/accessRoom.ts";
import type { Answer, Client } from "./client.ts";
import { type Content, contentOf } from "./contents.ts";
import type { Ledger } from "./ledger.ts";

/** What working with accounts needs. */
export interface AccountsDeps {
  /** An administrator. */
  readonly client: Client;
  readonly ledger: Ledger;
  /** Longest rest between two things, in ms. */
  readonly restMs: number;
  readonly random: () => number;
  /** How long another replica may go by what it has read before; ms. */
  readonly staleMs: number;
}

const password = "correct horse battery";
const actions = ["pull", "push"];
/** A client that was refused too often is not even looked at. */
const refusals = [401, 429];

/** A server that asks everybody who they are. */
export const withLogins = {
  BREADBOX_AUTH_MODE: "required",
  BREADBOX_ADMIN_PASSWORD: password,
};

/** An administrator of such a server. */
export const administrator = basic("admin", password);

/** @returns the header of a token that may do everything but make accounts. */
export async function makeToken(client: Client): Promise<string> {
  const may = ["pull", "push", "overwrite", "delete", "admin"];
  const patterns = ["**", "bucket:**", "server:gc", "server:metrics"];
  const grants = patterns.map((pattern) => ({ pattern, actions: may }));
  const body = JSON.stringify({ name: "race", grants });
  const { text } = await client.as(administrator).ask("POST", "/v1/tokens", { body });
  return basic("token", /"token":"([^"]+)"/.exec(text)?.[1] ?? "");
}

/** Makes, uses and ends accounts, until `isOver`. */
export async function accountsUntil(deps: AccountsDeps, isOver: () => boolean): Promise<void> {
  for (let number = 0; !isOver(); number += 1) {
    await (number % 2 === 0 ? lifeOfToken(deps, number) : lifeOfUser(deps, number));
    deps.ledger.counts.accounts += 1;
    await Bun.sleep(500 + deps.random() * deps.restMs * 10);
  }
}

async function lifeOfToken(deps: AccountsDeps, number: number): Promise<void> {
  const name = `race-token-${number}`;
  const repository = `accounts/token-${number % 8}`;
  const grants = [{ pattern: repository, actions }];
  const body = JSON.stringify({ name, grants });
  // Its text is in one answer only: a token whose answer was lost is made under another name.
  const made = await deps.client.ask("POST", "/v1/tokens", { body, once: true });
  if (made.status === 0) return;
  expect(deps, made, [201], `the token ${name}`);
  const secret = /"token":"([^"]+)"/.exec(made.text)?.[1] ?? "";
  await work(deps, basic("token", secret), repository);
  const ended = await deps.client.ask("DELETE", `/v1/tokens/${name}`);
  expect(deps, ended, ended.again ? [204, 404] : [204], `the end of ${name}`);
  await expectRefused(deps, basic("token", secret), repository);
}

async function lifeOfUser(deps: AccountsDeps, number: number): Promise<void> {
  const { client } = deps;
  const name = `race-user-${number}`;
  const repository = `accounts/user-${number % 8}`;
  const made = await client.ask("POST", "/v1/users", { body: JSON.stringify({ name, password }) });
  expect(deps, made, made.again ? [201, 409] : [201], `the user ${name}`);
  const rule = { who: name, effect: "allow", pattern: repository, actions };
  const ruled = await client.ask("POST", "/v1/rules", { body: JSON.stringify(rule) });
  expect(deps, ruled, [201], `a rule for ${name}`);
  await work(deps, basic(name, password), repository);
  const body = JSON.stringify({ disabled: true });
  expect(deps, await client.ask("PATCH", `/v1/users/${name}`, { body }), [204], `${name} disabled`);
  await expectRefused(deps, basic(name, password), repository);
  const ended = await client.ask("DELETE", `/v1/users/${name}`);
  expect(deps, ended, ended.again ? [204, 404] : [204], `the end of ${name}`);
}

/** Pushes a blob where it may, reads it, and fails where it may not. */
async function work(deps: AccountsDeps, authorization: string, repository: string): Promise<void> {
  const own = deps.client.as(authorization);
  const content = contentOf(Buffer.from(`${authorization} ${deps.random()}`));
  const pushed = await push(own, repository, content);
  expect(deps, pushed, [201], `a push to ${repository}`);
  const read = await own.ask("GET", `/v2/${repository}/blobs/${content.digest}`);
  if (read.status !== 200) deps.ledger.note("lost", `${repository}: ${read.status} ${read.text}`);
  else if (read.digest !== content.digest) deps.ledger.note("lost", `${repository}: other bytes`);
  expect(deps, await push(own, "accounts/of-nobody", content), [403], "a push without the right");
}

async function expectRefused(deps: AccountsDeps, authorization: string, repository: string) {
  await Bun.sleep(deps.staleMs);
  const refused = await push(deps.client.as(authorization), repository, contentOf(Buffer.of(1)));
  expect(deps, refused, refusals, `a push to ${repository} with a login that has ended`);
}

const push = (client: Client, repository: string, { digest, bytes }: Content): Promise<Answer> =>
  client.ask("POST", `/v2/${repository}/blobs/uploads/?digest=${digest}`, { body: bytes });

function expect(
  { ledger }: AccountsDeps,
  { status, text }: Answer,
  wanted: readonly number[],
  what: string,
): void {
  if (!wanted.includes(status)) ledger.note("others", `${what}: ${status} ${text}`);
}
