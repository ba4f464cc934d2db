// What proves who somebody is: access tokens, passwords, htpasswd files, and how often may be guessed.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { hashOfToken, isAccessToken, makeAccessToken } from "../../src/access/accessToken.ts";
import { Failures } from "../../src/access/failures.ts";
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
    expect(await passwords.verify("correct horse", hash)).toBeTrue();
    expect(await passwords.verify("correct horsf", hash)).toBeFalse();
    expect(await passwords.verify("", hash)).toBeFalse();
    expect(await passwords.verify("x".repeat(2_000), hash)).toBeFalse();
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
      expect(await passwords.verify("anything", null)).toBeFalse();
    } finally {
      Bun.password.verify = verify;
    }
    expect(hashed).toBe(1);
  });

  test("is refused without work when too many wait already", async () => {
    const passwords = new Passwords();
    const release = Promise.withResolvers<boolean>();
    const verify = Bun.password.verify;
    Bun.password.verify = () => release.promise;
    try {
      const hash = "$argon2id$x";
      const attempts = Array.from({ length: 600 }, () =>
        passwords.verify("x", hash).catch((error: unknown) => error),
      );
      await Bun.sleep(0);
      release.resolve(false);
      const outcomes = await Promise.all(attempts);
      expect(outcomes.filter((outcome) => outcome instanceof TooManyLogins)).toHaveLength(98);
      expect(outcomes.filter((outcome) => outcome === false)).toHaveLength(502);
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
    expect(await new Passwords().verify("secret", apache)).toBeTrue();
  });

  test("compares the first 72 bytes of a password, as Apache does", async () => {
    const long = "é".repeat(50);
    const hash = await Bun.password.hash(bcryptPassword(long), { algorithm: "bcrypt", cost: 4 });

    expect(await new Passwords().verify(`${long}more`, hash)).toBeTrue();
    expect(await new Passwords().verify(long.slice(0, 30), hash)).toBeFalse();
  });
});

describe("a login that was right", () => {
  test("is known for five minutes, for the same hash only", () => {
    let now = 0;
    const known = new KnownLogins(() => now);
    known.add("alice", "secret", "hash 1");

    expect(known.has("alice", "secret", "hash 1")).toBeTrue();
    expect(known.has("alice", "secret", "hash 2")).toBeFalse();
    expect(known.has("alice", "other", "hash 1")).toBeFalse();
    expect(known.has("alicesecret", "", "hash 1")).toBeFalse();
    now = 5 * 60_000;
    expect(known.has("alice", "secret", "hash 1")).toBeFalse();
  });

  test("is forgotten when ten thousand others followed", () => {
    const known = new KnownLogins(() => 0);
    for (let index = 0; index <= 10_000; index += 1) known.add(`user-${index}`, "secret", "hash");

    expect(known.has("user-0", "secret", "hash")).toBeFalse();
    expect(known.has("user-10000", "secret", "hash")).toBeTrue();
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

  test("of a flood of names fill no memory, and those of the last stay", () => {
    const failures = new Failures({ most: 1, forgottenAfterMs: 1_000 }, () => 0);
    for (let index = 0; index < 60_000; index += 1) failures.add(`address-${index}`);

    expect(failures.waitOf("address-0")).toBe(0);
    expect(failures.waitOf("address-59999")).toBe(1_000);
  });
});
