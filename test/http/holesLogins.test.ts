// Holes that other registries had, of passwords. Each test names its class.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { basic, type Closed, openClosed, password } from "./support/accessRoom.ts";

let room: Closed;
beforeEach(async () => {
  room = await openClosed({ logLevel: "debug" });
});
afterEach(() => room[Symbol.asyncDispose]());

const login = (name: string, secret: string = password) =>
  room.status("GET", "/v2/", basic(name, secret));

/** Counts comparisons while `work` runs. @param answer in place of comparing; null to compare. */
async function comparing<T>(answer: boolean | null, work: () => Promise<T>) {
  const verify = Bun.password.verify;
  const compared: string[] = [];
  Bun.password.verify = async (secret, hash, algorithm) => {
    compared.push(String(hash).replace(/\$[^$]*\$[^$]*$/, ""));
    return answer ?? verify(secret, hash, algorithm);
  };
  try {
    return { result: await work(), compared };
  } finally {
    Bun.password.verify = verify;
  }
}

describe("timing of secret comparison (CVE-2023-20902)", () => {
  test("a wrong login does the same work for every user, and for none", async () => {
    await room.accounts.addUser("bob", { password, isAdmin: false });
    await room.accounts.addUser("dan", { password, isAdmin: false });
    await room.accounts.disableUser("dan", true);
    const work: string[][] = [];
    for (const name of [
      "root",
      "bob",
      "dan",
      "nobody",
      "",
      "Root",
      "root\u0000",
      "x".repeat(5000),
    ]) {
      const { result, compared } = await comparing(null, () => login(name, "wrong password"));
      expect([name, result]).toEqual([name, 401]);
      work.push(compared);
    }
    expect(new Set(work.map((each) => each.join())).size).toBe(1);
    expect(work[0]).toHaveLength(1);
    // The right password of a disabled user tells no more.
    expect(await login("dan")).toBe(401);
  });

  test("an answer to a wrong login is the same for every user", async () => {
    const said = new Set<string>();
    for (const name of ["root", "nobody"]) {
      const answer = await room.ask("GET", "/v2/", basic(name, "wrong password"));
      const challenge = answer.headers.get("www-authenticate");
      said.add(`${answer.status} ${challenge} ${await answer.text()}`);
    }
    expect(said.size).toBe(1);
  });
});

describe("default password, brute force (CVE-2026-4404, CVE-2026-33419)", () => {
  test("no usual name and password is right", async () => {
    for (const pair of [
      ...["admin:admin", "admin:password", "admin:Harbor12345", "minioadmin:minioadmin"],
      ...["root:root", "root:", ":", "admin:", "test:test", "anonymous:", "authenticated:x"],
    ]) {
      const [name = "", secret = ""] = pair.split(":");
      expect([pair, await login(name, secret)]).toEqual([pair, 401]);
    }
  });

  test("after twenty guesses others have to wait, and the right password with them", async () => {
    const { result, compared } = await comparing(false, async () => {
      const said: number[] = [];
      for (let at = 0; at < 50; at += 1) said.push(await login("root", `guess ${at}`));
      return said;
    });
    expect(result.filter((status) => status === 401)).toHaveLength(20);
    expect(compared).toHaveLength(20);
    expect(await login("root")).toBe(429);
    // In whatever form it is sent.
    const body = new URLSearchParams({ grant_type: "password", username: "root", password });
    expect(await room.status("POST", "/v2/token", null, { body })).toBe(429);
    expect(await room.status("GET", "/v2/token", basic("root"))).toBe(429);
    expect(await room.status("GET", "/v1/buckets", basic("root"))).toBe(429);
    room.registry.store.clock.advance(3_000);
    expect(await login("root")).toBe(200);
  });

  test("a login that is known answers no guesses: of many at its own address they are held back as well", async () => {
    expect(await login("root")).toBe(200);
    await comparing(false, async () => {
      for (let at = 0; at < 300; at += 1) await login("root", `guess ${at}`);
    });
    expect(await login("root", "another guess")).toBe(429);
    expect(await login("root")).toBe(429);
    room.registry.store.clock.advance(1_000);
    expect(await login("root")).toBe(200);
  });

  test("wrong logins where anybody may pull count as well", async () => {
    await room.accounts.addRule({
      ...{ who: "anonymous", effect: "allow", pattern: "public/**", actions: "pull" },
    });
    const { compared } = await comparing(false, async () => {
      for (let at = 0; at < 40; at += 1) {
        const who = basic("root", `guess ${at}`);
        expect(await room.status("GET", "/v2/public/app/tags/list", who)).toBe(404);
      }
    });
    expect(compared).toHaveLength(20);
  });
});

describe("HMAC over ambiguous concatenation (CVE-2026-58426)", () => {
  test("a login that is known is no other split of the same letters", async () => {
    await room.accounts.addUser("ab", { password: "cdefghijk", isAdmin: false });
    await room.accounts.addUser("abc", { password: "other password", isAdmin: true });
    expect(await login("ab", "cdefghijk")).toBe(200);
    expect(await login("abc", "defghijk")).toBe(401);
    expect(await login("a", "bcdefghijk")).toBe(401);
  });
});

describe("secrets in logs (CVE-2025-48374, GHSA-prh4-vhfh-24mj)", () => {
  test("no password, token or header is in any line, metric or answer", async () => {
    const access = await room.token("ci", "lab/**:pull,push");
    const offline = await room.ask("GET", "/v2/token?offline_token=true", basic("root"));
    const { token, refresh_token } = Object(await offline.json());
    const text = atob(access.slice("Basic ".length)).slice("token:".length);
    const form = { grant_type: "password", username: "root", password: "canary-form" };
    const body = new URLSearchParams(form);
    const answers = [
      await room.ask("POST", "/v2/token", null, { body }),
      await room.ask("GET", "/v2/", basic("root", "canary-basic")),
      await room.ask("GET", "/v2/", basic("canary-name:canary-more", "x")),
      await room.ask("GET", "/v2/lab/app/tags/list?token=canary-query", access),
      await room.ask("GET", "/v2/lab/app/tags/list", `Bearer ${token}`),
      await room.ask("GET", "/v2/", `Bearer canary-bearer.${token}`),
      await room.ask("GET", "/v2/", "Canary canary-scheme"),
      await room.ask("PUT", "/v2/lab/app/manifests/x", access, { body: "{" }),
      await room.ask("GET", "/metrics", basic("root")),
    ];
    const said = await Promise.all(answers.map((answer) => answer.text()));
    const all = JSON.stringify([room.registry.lines, said]);
    const [, claims, signature] = token.split(".");
    for (const secret of [password, text, token, refresh_token, claims, signature, "canary-"]) {
      expect(all).not.toContain(secret);
    }
    expect(all).toContain("listTags");
  });
});
