// Browsers that log in, for the test that looks for secrets.
import { expect } from "bun:test";
import type { SecretWorld } from "./secretWorld.ts";

/** Browsers that log in with the form: right and wrong, with pages that are there and that are none, and out again. */
export async function browse({ canaries, ask, server, passwords }: SecretWorld): Promise<void> {
  const own = { "sec-fetch-site": "same-origin", accept: "text/html" };
  const logIn = async () => {
    const body = new URLSearchParams({ name: "bob", password: passwords.bob });
    const init = { method: "POST", headers: own, body, redirect: "manual" } as const;
    const answer = await server.ask("/login", init);
    const [, secret = ""] =
      /__Host-breadbox=([\w-]+)/.exec(answer.headers.get("set-cookie") ?? "") ?? [];
    expect(secret).toHaveLength(43);
    return {
      ...own,
      cookie: `__Host-breadbox=${canaries.secret(`session ${secret.slice(-4)}`, secret)}`,
    };
  };
  const headers = await logIn();
  for (const path of [
    "/",
    "/login",
    "/access/users",
    "/buckets",
    "/v1/buckets",
    "/v2/",
    "/nothing",
  ]) {
    await ask("GET", path, { headers });
  }
  await ask("POST", "/access/users", { headers, body: new URLSearchParams({ name: "x" }) });
  await ask("POST", "/logout", { headers, body: new URLSearchParams() });
  await ask("GET", "/buckets", { headers });
  const wrong = canaries.secret("wrong password in the form", "canary-wrong-in-the-form");
  for (const name of ["bob", "nobody"]) {
    const body = new URLSearchParams({ name, password: wrong });
    await ask("POST", "/login", { headers: own, body });
  }
  // One whose hash is stored.
  await logIn();
}
