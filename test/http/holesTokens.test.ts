// Holes that other registries had, of their tokens. Each test names its class.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { exportJWK, exportSPKI, generateKeyPair, importJWK, type JWTPayload, SignJWT } from "jose";
import { operations } from "../../src/http/operations.ts";
import { basic, type Closed, openClosed } from "./support/accessRoom.ts";
import { fill } from "./support/addresses.ts";

let room: Closed;
/** The server's own key: whoever has it can sign whatever he likes, so only claims are left to refuse. */
let own: CryptoKey;
let kid: string;
/** What is public of it. */
let spki: string;
let jwk: Readonly<Record<string, unknown>>;

beforeAll(async () => {
  room = await openClosed();
  const [stored] = await room.registry.store.rooms.metadata.access.listKeys();
  const { d, ...shared } = JSON.parse(stored?.jwk ?? "{}");
  const key = await importJWK({ ...shared, d }, "ES256");
  const open = await importJWK(shared, "ES256", { extractable: true });
  if (key instanceof Uint8Array || open instanceof Uint8Array) throw new Error("no key pair");
  [own, kid, jwk, spki] = [key, shared.kid, shared, await exportSPKI(open)];
});
afterAll(() => room[Symbol.asyncDispose]());
// Failed logins of the tests before are forgotten.
beforeEach(() => room.registry.store.clock.advance(600_000));

/** A token as ours are, of the administrator, with some of it replaced. */
async function forge({
  by = own,
  header = {},
  claims = {},
}: {
  by?: CryptoKey | Uint8Array;
  header?: Record<string, unknown>;
  claims?: JWTPayload;
}): Promise<string> {
  const seconds = Math.floor(room.registry.store.clock.now() / 1_000);
  const root = await room.registry.store.rooms.metadata.access.findUser("root");
  const ours = {
    ...{ who: "user", stamp: root?.stamp, access: ["repository:lab/app:pull,push"] },
    ...{ iss: "breadbox", aud: "breadbox", sub: "root", jti: "1", iat: seconds },
  };
  return new SignJWT({ ...ours, exp: seconds + 300, ...claims })
    .setProtectedHeader({ alg: "ES256", typ: "breadbox+jwt", kid, ...header })
    .sign(by);
}

/** Every place that takes a token. @returns the statuses. */
async function statusesOf(token: string): Promise<readonly number[]> {
  const form = (fields: Readonly<Record<string, string>>) =>
    room.status("POST", "/v2/token", null, { body: new URLSearchParams(fields) });
  return [
    await room.status("GET", "/v2/", `Bearer ${token}`),
    await room.status("GET", "/v2/lab/app/tags/list", `Bearer ${token}`),
    await room.status("GET", "/v1/buckets", `Bearer ${token}`),
    await room.status("GET", "/metrics", `Bearer ${token}`),
    await room.status("GET", "/v2/token", `Bearer ${token}`),
    await room.status("GET", "/v2/", basic("token", token)),
    await form({ grant_type: "refresh_token", refresh_token: token }),
    await form({ grant_type: "password", username: "root", password: token }),
  ];
}
/** 429: as a password it is a wrong one, and there were too many of them. */
const refused = (status: number): boolean => status === 401 || status === 429;

test("the forger's hand is steady: with nothing replaced it is let in", async () => {
  expect((await statusesOf(await forge({}))).slice(0, 2)).toEqual([200, 404]);
});

describe("trusting key material in the token (CVE-2025-24976, CVE-2018-0114)", () => {
  test.each(["jwk", "jku", "x5u", "x5c", "kid alone", "kid as a path", "kid as SQL"])(
    "a forged token with %s is refused everywhere",
    async (what) => {
      const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
      const theirs = await exportJWK(publicKey);
      let asked = 0;
      using listener = Bun.serve({
        ...{ hostname: "127.0.0.1", port: 0 },
        fetch: () => {
          asked += 1;
          return Response.json({ keys: [{ ...theirs, kid, alg: "ES256" }] });
        },
      });
      const url = `http://127.0.0.1:${listener.port}/keys`;
      const headers: Readonly<Record<string, Record<string, unknown>>> = {
        jwk: { jwk: theirs },
        jku: { jku: url },
        x5u: { x5u: url },
        x5c: { x5c: ["MIIB"] },
        "kid alone": {},
        "kid as a path": { kid: "../../../../dev/null" },
        "kid as SQL": { kid: "x' UNION SELECT '1" },
      };
      const token = await forge({ by: privateKey, header: headers[what] ?? {} });
      expect((await statusesOf(token)).filter((status) => !refused(status))).toEqual([]);
      expect(asked).toBe(0);
    },
  );
});

describe("algorithm confusion (CVE-2026-33322)", () => {
  test("alg none, in any spelling and with any signature, is refused", async () => {
    const [, claims = "", signature = ""] = (await forge({})).split(".");
    for (const alg of ["none", "None", "NONE", "", "es256", "ES384", "RS256", "EdDSA"]) {
      const header = Buffer.from(JSON.stringify({ alg, typ: "breadbox+jwt", kid }));
      for (const end of ["", signature]) {
        const token = `${header.toString("base64url")}.${claims}.${end}`;
        expect([alg, (await statusesOf(token)).every(refused)]).toEqual([alg, true]);
      }
    }
  });

  test("our public key is no secret of HS256", async () => {
    const { x, y } = Object(jwk);
    const secrets = [
      ...[spki, spki.trim(), JSON.stringify(jwk), x, kid, "", " "].map((text) => Buffer.from(text)),
      Buffer.from(spki.replace(/-----[A-Z ]+-----|\s/g, ""), "base64"),
      Buffer.concat([Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]),
    ];
    for (const secret of secrets) {
      // Signed by hand: the library refuses short secrets.
      const header = Buffer.from(JSON.stringify({ alg: "HS256", typ: "breadbox+jwt", kid }));
      const said = `${header.toString("base64url")}.${(await forge({})).split(".")[1]}`;
      const sum = new Bun.CryptoHasher("sha256", secret).update(said).digest("base64url");
      expect((await statusesOf(`${said}.${sum}`)).every(refused)).toBe(true);
    }
  });

  test.each<[string, Record<string, unknown>, JWTPayload]>([
    ["has expired", {}, { exp: 1 }],
    ["is for later", {}, { nbf: 9_999_999_999 }],
    ["is of tomorrow", {}, { iat: 9_999_999_999, exp: 9_999_999_999 }],
    ["is for another audience", {}, { aud: "registry.example" }],
    ["is of another issuer", {}, { iss: "https://token.actions.githubusercontent.com" }],
    ["is for another use", { typ: "breadbox-other+jwt" }, {}],
    ["has no use", { typ: undefined }, {}],
    ["names an account that is not there", {}, { sub: "nobody" }],
    ["has the stamp of another password", {}, { ["stamp"]: "0" }],
    ["has no stamp", {}, { ["stamp"]: undefined }],
    ["claims to be a token by a user's name", {}, { ["who"]: "token" }],
    ["claims to be a workload", {}, { ["who"]: "workload" }],
    ["claims to be of a kind that is not there", {}, { ["who"]: "admin" }],
  ])("even signed by our key, a token is refused that %s", async (_, header, claims) => {
    expect((await statusesOf(await forge({ header, claims }))).every(refused)).toBe(true);
  });

  test("a token that was cut or changed anywhere is refused", async () => {
    const signed = await forge({});
    const [at, letter] = [fc.nat(signed.length - 1), fc.constantFrom(..."AQgw01-_.=+/".split(""))];
    await fc.assert(
      fc.asyncProperty(at, letter, fc.boolean(), async (place, other, cuts) => {
        const text = cuts
          ? signed.slice(0, place)
          : signed.slice(0, place) + other + signed.slice(place + 1);
        if (text === signed) return;
        expect(await room.status("GET", "/v2/", `Bearer ${text}`)).toBe(401);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("token scope lost on some endpoints (CVE-2025-68944 and a dozen more)", () => {
  /** What each operation that asks for a right answers to a token. */
  async function statusesBy(token: string): Promise<Map<string, number>> {
    const answers = new Map<string, number>();
    for (const { id, method, path, needs } of operations) {
      if (needs === "nothing" || needs === "login") continue;
      const body = bodies[id];
      const init = needs === "body" && body !== undefined ? { body } : {};
      answers.set(id, await room.status(method, fill(path), token, init));
    }
    return answers;
  }
  const file = new FormData();
  file.append("file", new File(["hi"], "a"));
  const digest = `sha256:${"0".repeat(64)}`;
  /** Of operations that name what they are about there. */
  const bodies: Readonly<Record<string, string | URLSearchParams | FormData>> = {
    createBucket: '{"name":"backups"}',
    initiateMultipartUpload: '{"object":"a"}',
    deleteByPlan: '{"targets":["team/app"]}',
    createBucketByForm: new URLSearchParams({ name: "backups" }),
    deleteObjectByForm: new URLSearchParams({ object: "path/to/file.bin" }),
    putFileByForm: file,
    linkByForm: new URLSearchParams({ name: "a", repository: "team/app", digest }),
  };
  const notRefused = (statuses: Map<string, number>): string[] =>
    [...statuses].flatMap(([id, status]) => (status === 401 ? [] : [id]));

  test("a bearer token to pull one repository does nothing else, whatever its holder may", async () => {
    await room.seed("team/app", "latest");
    const pulling = await room.bearer(basic("root"), "repository:team/app:pull");
    const pulls = operations.filter(
      ({ needs, target }) =>
        typeof needs === "object" && needs.right === "pull" && target === "repository",
    );

    expect(notRefused(await statusesBy(pulling)).toSorted()).toEqual(
      pulls.map(({ id }) => id).toSorted(),
    );
  });

  test("a bearer token for the catalog lists repositories, and no buckets", async () => {
    const catalog = await room.bearer(basic("root"), "registry:catalog:*");

    expect(notRefused(await statusesBy(catalog))).toEqual(["listRepositories", "headRepositories"]);
  });

  test("a token gives no scope that its holder lacks, in whatever form it is asked for", async () => {
    const who = await room.token("narrow", "lab/app:pull");
    const asked = [
      "repository:lab/app:*",
      "repository:lab/app:pull,push,delete,admin,overwrite",
      "repository:**:pull repository:lab/*:pull repository:*:*",
      "repository(plugin):secret/app:pull",
      "registry:catalog:* registry:*:* server:metrics:pull bucket:backups:pull",
      `repository:lab/app:pull${" repository:secret/app:push".repeat(40)}`,
    ];
    const token = await room.bearer(who, ...asked);
    const [, claims = ""] = token.split(".");
    const { access } = JSON.parse(Buffer.from(claims, "base64url").toString());
    expect(access).toEqual(["repository:lab/app:pull", "registry:catalog:*"]);
  });
});
