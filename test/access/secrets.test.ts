// What proves who somebody is: access tokens, passwords, htpasswd files, and how often may be guessed.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { hashOfToken, isAccessToken, makeAccessToken } from "../../src/access/accessToken.ts";
import { Failures, networkOf } from "../../src/access/failures.ts";
import { bcryptPassword, readHtpasswd } from "../../src/access/htpasswd.ts";
import { KnownLogins } from "../../src/access/knownLogins.ts";
import { Passwords, TooManyLogins } from "../../src/access/passwords.ts";

describe("an access token", () => {
  test("is recognised by its prefix and checksum, and no other text is", () => {
    const token = makeAccessToken();

    expect(token).toMatch(/^bbx_[0-9A-Za-z]{38}$/);
    expect(isAccessToken(token)).toBeTrue();
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom("0", "Z", "a", "-"), (at, other) => {
        const changed = token.slice(0, at) + other + token.slice(at + 1);
        expect(isAccessToken(changed)).toBe(changed === token);
      }),
    );
  });

  test("never comes twice, and its hash tells nothing of it", () => {
    const tokens = Array.from({ length: 1_000 }, makeAccessToken);

    expect(new Set(tokens).size).toBe(1_000);
    expect(hashOfToken(tokens[0] ?? "")).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("a password", () => {
  test("is hashed with argon2id at OWASP's cost, and is right or wrong", async () => {
    const passwords = new Passwords();
    const hash = await passwords.hash("correct horse");

    expect(hash).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
    expect(await passwords.verify("correct horse", { hash, decoy: null })).toBeTrue();
    expect(await passwords.verify("correct horsf", { hash, decoy: null })).toBeFalse();
    expect(await passwords.verify("", { hash, decoy: null })).toBeFalse();
    expect(await passwords.verify("x".repeat(2_000), { hash, decoy: null })).toBeFalse();
  });

  test("of a user that does not exist is wrong, and is compared all the same", async () => {
    const passwords = new Passwords();
    let hashed = 0;
    const verify = Bun.password.verify;
    Bun.password.verify = (...given) => {
      hashed += 1;
      return verify(...given);
    };
    try {
      expect(await passwords.verify("anything", { hash: null, decoy: null })).toBeFalse();
    } finally {
      Bun.password.verify = verify;
    }
    expect(hashed).toBe(1);
  });

  test("costs the same when it is wrong, whichever user has which hash, or none", async () => {
    const argon = await new Passwords().hash("right");
    const bcrypt = await Bun.password.hash("right", { algorithm: "bcrypt", cost: 4 });
    const verify = Bun.password.verify;
    const compared: string[] = [];
    Bun.password.verify = (password, hash) => {
      compared.push(String(hash).slice(0, 4));
      return verify(password, hash);
    };
    try {
      const work: string[] = [];
      for (const hash of [argon, bcrypt, null]) {
        compared.length = 0;
        expect(await new Passwords().verify("wrong", { hash, decoy: bcrypt })).toBeFalse();
        work.push(compared.toSorted().join());
      }
      expect(work).toEqual(["$2b$,$arg", "$2b$,$arg", "$2b$,$arg"]);
      expect(await new Passwords().verify("right", { hash: null, decoy: bcrypt })).toBeFalse();
    } finally {
      Bun.password.verify = verify;
    }
  });

  test("is refused without work when too many wait already", async () => {
    const passwords = new Passwords();
    const release = Promise.withResolvers<boolean>();
    const verify = Bun.password.verify;
    Bun.password.verify = () => release.promise;
    try {
      const hash = "$argon2id$x";
      const attempts = Array.from({ length: 600 }, () =>
        passwords.verify("x", { hash, decoy: null }).catch((error: unknown) => error),
      );
      await Bun.sleep(0);
      release.resolve(false);
      const outcomes = await Promise.all(attempts);
      expect(outcomes.filter((outcome) => outcome instanceof TooManyLogins)).toHaveLength(99);
      expect(outcomes.filter((outcome) => outcome === false)).toHaveLength(501);
    } finally {
      Bun.password.verify = verify;
    }
  });
});

describe("an htpasswd file", () => {
  test("gives its bcrypt lines, the first of each name, and objects to all others", async () => {
    const hash = await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 4 });
    const apache = hash.replace("$2b$", "$2y$");
    const text = `# people\n\nalice:${apache}\r\nalice:${hash}\nbob:$apr1$x$y\n:${hash}\nno colon\n`;

    const { hashes, objections } = readHtpasswd(text);

    expect([...hashes]).toEqual([["alice", apache]]);
    expect(objections.map((line) => line.slice(0, 7))).toEqual(["line 5:", "line 6:", "line 7:"]);
    expect(objections.join()).not.toContain("$apr1$");
    expect(await new Passwords().verify("secret", { hash: apache, decoy: null })).toBeTrue();
  });

  test("compares the first 72 bytes of a password, as Apache does", async () => {
    const long = "é".repeat(50);
    const hash = await Bun.password.hash(bcryptPassword(long), { algorithm: "bcrypt", cost: 4 });

    expect(await new Passwords().verify(`${long}more`, { hash, decoy: null })).toBeTrue();
    expect(await new Passwords().verify(long.slice(0, 30), { hash, decoy: null })).toBeFalse();
  });
});

describe("a login that was right", () => {
  test("is known for five minutes, for the same hash only", () => {
    let now = 0;
    const known = new KnownLogins(() => now);
    const login = { name: "alice", password: "secret", hash: "hash 1", network: "10.0.0.1" };
    known.add(login);

    expect(known.has(login)).toBeTrue();
    expect(known.has({ ...login, hash: "hash 2" })).toBeFalse();
    expect(known.has({ ...login, password: "other" })).toBeFalse();
    expect(known.has({ ...login, name: "alicesecret", password: "" })).toBeFalse();
    expect(known.has({ ...login, network: "10.0.0.2" })).toBeFalse();
    now = 5 * 60_000;
    expect(known.has(login)).toBeFalse();
  });

  test("is forgotten when 50,000 others followed", () => {
    const known = new KnownLogins(() => 0);
    const login = (at: number) => ({ name: `user-${at}`, password: "x", hash: "h", network: "n" });
    for (let at = 0; at <= 50_000; at += 1) known.add(login(at));

    expect(known.has(login(0))).toBeFalse();
    expect(known.has(login(50_000))).toBeTrue();
  });
});

describe("failed logins", () => {
  test("make a name wait after the most it may have, and are forgotten one by one", () => {
    let now = 1_000;
    const failures = new Failures({ most: 3, forgottenAfterMs: 100 }, () => now);
    const waits = Array.from({ length: 5 }, () => {
      failures.add("10.0.0.1");
      return failures.waitOf("10.0.0.1");
    });

    expect(waits).toEqual([0, 0, 100, 200, 300]);
    expect(failures.waitOf("10.0.0.2")).toBe(0);
    now += 300;
    expect(failures.waitOf("10.0.0.1")).toBe(0);
    failures.add("10.0.0.1");
    expect(failures.waitOf("10.0.0.1")).toBe(100);
  });

  test("of one network are those of all its addresses", () => {
    expect(networkOf("192.0.2.7")).toBe("192.0.2.7");
    expect(networkOf("")).toBe("");
    expect(networkOf("2001:db8:1:2:a:b:c:d")).toBe("2001:db8:1:2::/64");
    expect(networkOf("2001:db8:1:2::d")).toBe(networkOf("2001:db8:1:2:ffff::"));
    expect(networkOf("2001:db8::1")).toBe("2001:db8:0:0::/64");
    expect(networkOf("fe80::1%eth0")).toBe("fe80:0:0:0::/64");
    expect(networkOf("::1")).toBe("0:0:0:0::/64");
    expect(networkOf("2001:db8:1:3::d")).not.toBe(networkOf("2001:db8:1:2::d"));
  });

  test("of a flood of names fill no memory, and those of the last stay", () => {
    const failures = new Failures({ most: 1, forgottenAfterMs: 1_000 }, () => 0);
    for (let index = 0; index < 60_000; index += 1) failures.add(`address-${index}`);

    expect(failures.waitOf("address-0")).toBe(0);
    expect(failures.waitOf("address-59999")).toBe(1_000);
  });
});
