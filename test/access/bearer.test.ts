// Our own bearer tokens: only an unchanged one of ours, of this store and of the last five minutes is taken.
import { beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { Bearers, makeKey, readKey, type SigningKey } from "../../src/access/bearer.ts";
import { readScopes } from "../../src/access/scopes.ts";

const service = "breadbox-1";
const start = 1_800_000_000_000;
const alice = {
  who: "user",
  name: "alice",
  stamp: "1",
  scopes: readScopes(["repository:lab/app:pull,push"]),
  origin: null,
} as const;

let key: SigningKey;
let now = start;
const bearers = (...more: SigningKey[]): Bearers => new Bearers([key, ...more], service, () => now);

beforeAll(async () => {
  ({ key } = await makeKey(crypto.randomUUID()));
});

describe("a bearer token", () => {
  test("says who and what, for five minutes", async () => {
    now = start;
    const signed = await bearers().sign(alice);

    expect(await bearers().verify(signed)).toEqual(alice);
    now = start + 304_000;
    expect(await bearers().verify(signed)).toEqual(alice);
    now = start + 306_000;
    expect(await bearers().verify(signed)).toBeNull();
  });

  test("that was verified before ends all the same, and not by the clock's leap back", async () => {
    now = start;
    const known = bearers();
    const signed = await known.sign(alice);
    expect(await known.verify(signed)).toEqual(alice);

    now = start + 306_000;
    expect(await known.verify(signed)).toBeNull();
    now = start - 3_600_000;
    const other = bearers();
    expect(await other.verify(signed)).toBeNull();
  });

  test("of the key before the last one is taken, of an unknown one not", async () => {
    now = start;
    const { key: former } = await makeKey(crypto.randomUUID());
    const old = await new Bearers([former], service, () => now).sign(alice);

    expect(await bearers(former).verify(old)).toEqual(alice);
    expect(await bearers().verify(old)).toBeNull();
  });

  test("of another store is refused", async () => {
    now = start;
    const foreign = await new Bearers([key], "breadbox-2", () => now).sign(alice);

    expect(await bearers().verify(foreign)).toBeNull();
  });

  test("comes from a key that survives being stored", async () => {
    now = start;
    const { key: made, stored } = await makeKey(crypto.randomUUID());
    const signed = await new Bearers([made], service, () => now).sign(alice);

    const read = new Bearers([await readKey(stored)], service, () => now);
    expect(await read.verify(signed)).toEqual(alice);
  });
});

/** Claims and header as ours are, with some of them replaced; signed with `by`. */
async function forge(
  by: CryptoKey | Uint8Array,
  header: Record<string, unknown>,
  claims: Record<string, unknown> = {},
): Promise<string> {
  const seconds = Math.floor(now / 1_000);
  const ours = { who: "user", access: [], iss: service, aud: service, sub: "alice", jti: "1" };
  return new SignJWT({ ...ours, iat: seconds, exp: seconds + 300, ...claims })
    .setProtectedHeader({ alg: "ES256", typ: "breadbox+jwt", kid: key.id, ...header })
    .sign(by);
}

describe("a forged token is refused:", () => {
  test("with a key of its own in the header (jwk), or the address of one (jku)", async () => {
    now = start;
    const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
    const jwk = await exportJWK(publicKey);

    expect(await bearers().verify(await forge(privateKey, { jwk }))).toBeNull();
    expect(await bearers().verify(await forge(privateKey, { jwk, kid: undefined }))).toBeNull();
    expect(await bearers().verify(await forge(privateKey, { jku: "https://x/keys" }))).toBeNull();
  });

  test("without a signature (alg none), or signed with our public key as if it were a secret (HS256)", async () => {
    now = start;
    const [, claims] = (await bearers().sign(alice)).split(".");
    const none = Buffer.from(`{"alg":"none","typ":"breadbox+jwt","kid":"${key.id}"}`);
    const secret = Buffer.from(JSON.stringify(await exportJWK(key.publicKey)));

    expect(await bearers().verify(`${none.toString("base64url")}.${claims}.`)).toBeNull();
    expect(await bearers().verify(await forge(secret, { alg: "HS256" }))).toBeNull();
  });

  test.each([
    ["of another audience", {}, { aud: "registry.example" }],
    ["of another issuer", {}, { iss: "https://token.actions.githubusercontent.com" }],
    ["of another kind", { typ: "JWT" }, {}],
    ["that never ends", {}, { exp: undefined }],
    ["that lasts longer than ours", {}, { iat: start / 1_000 - 400, exp: start / 1_000 + 9_000 }],
    ["from the future", {}, { iat: start / 1_000 + 60, nbf: start / 1_000 + 60 }],
    ["of a kind of principal that does not exist", {}, { who: "root" }],
    ["without a subject", {}, { sub: undefined }],
    ["with a list of rights that is none", {}, { access: "repository:lab/app:pull" }],
  ])("one %s", async (_, header, claims) => {
    now = start;
    expect(await bearers().verify(await forge(key.privateKey, header, claims))).toBeNull();
  });

  test("10,000 changed tokens", async () => {
    now = start;
    const mine = bearers();
    const signed = await mine.sign(alice);
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.".split("");
    const [header = "", claims = "", signature = ""] = signed.split(".");
    const parts = fc.shuffledSubarray([header, claims, signature, "", "e30"], { minLength: 1 });
    const change = fc.oneof(
      // The last character of each part holds bits that no byte has: another spelling of the same bytes is refused as well.
      fc.tuple(fc.nat(signed.length), fc.constantFrom(...letters, "", "=", " ", "+", "/", "\n")),
      fc.tuple(fc.constantFrom(header.length - 1, signed.length - 1), fc.constantFrom(...letters)),
    );
    let refused = 0;
    const refuses = async (text: string) => {
      if (text === signed) return;
      refused += 1;
      expect(await mine.verify(text)).toBeNull();
      expect(await mine.verifyRefresh(text)).toBeNull();
    };
    while (refused < 10_000) {
      await fc.assert(
        fc.asyncProperty(change, fc.boolean(), async ([at, letter], replaces) =>
          refuses(signed.slice(0, at) + letter + signed.slice(at + (replaces ? 1 : 0))),
        ),
        { numRuns: 2_000 },
      );
      await fc.assert(
        fc.asyncProperty(parts, async (shuffled) => refuses(shuffled.join("."))),
        { numRuns: 100 },
      );
      await fc.assert(
        fc.asyncProperty(fc.nat(signed.length - 1), async (end) => refuses(signed.slice(0, end))),
        { numRuns: 100 },
      );
    }
    expect(await mine.verify(signed)).toEqual(alice);
  }, 60_000);

  test("what is no token at all", async () => {
    const texts = ["", ".", "..", "a.b.c", "x".repeat(100_000), "e30.e30.e30"];
    for (const text of texts) expect(await bearers().verify(text)).toBeNull();
  });
});
