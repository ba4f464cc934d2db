// What every client does at every server with accounts.
import { expect } from "bun:test";
import { type Client, failure, refused, type Session } from "./client.ts";
import { bob, type Site } from "./site.ts";

/** A login with a wrong password, then one with the right one; a push, a pull and a refusal; the end of the login; a token as password. */
export async function expectLogins(client: Client, session: Session, site: Site): Promise<void> {
  expect(await failure(session.push("lab/app"))).toMatch(refused);

  const wrong = session.login(bob.name, "wrong horse");
  if (!client.checksLogin) await wrong;
  expect(await failure(client.checksLogin ? wrong : session.push("lab/app"))).toMatch(refused);

  await session.login(bob.name, bob.password);
  await session.push("lab/app");
  await session.pull("lab/app");
  expect(await failure(session.push("other/app"))).toMatch(refused);
  await session.logout();
  expect(await failure(session.pull("lab/app"))).toMatch(refused);

  await session.login("any", site.token);
  await session.pull("lab/app");
  await session.push("lab/again");
  expect(site.logs()).not.toContain(bob.password);
}
