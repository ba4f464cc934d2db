// ID tokens that let nobody in (RFC 8725; holes that other registries and OIDC clients had), and what their senders hear.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { exportSPKI, generateKeyPair, importJWK, SignJWT } from "jose";
import { githubJob, gitlabJob, startIssuer } from "../support/issuer.ts";
import { basic } from "./support/accessRoom.ts";
import { type Keyless, openKeyless } from "./support/keylessRoom.ts";

let room: Keyless;
beforeAll(async () => {
  room = await openKeyless();
  await room.trusts({ refs: ["refs/heads/main"] });
});
afterAll(() => room[Symbol.asyncDispose]());

const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
const messageOf = async (token: string) => {
  const answer = await room.ask("GET", "/v2/", basic("job", token));
  return Object(await answer.json())["errors"][0].message;
};

describe("a token that its issuer did not sign", () => {
  test("with no algorithm is refused", async () => {
    const [, payload] = (await room.token(githubJob)).split(".");
    for (const alg of ["none", "None", "NONE", ""]) {
      expect(await room.login(`${encoded({ alg, typ: "JWT", kid: "1" })}.${payload}.`)).toBe(401);
    }
  });

  test("but with the public key as a secret is refused", async () => {
    const [jwk] = room.issuer.jwks().keys;
    const found = await importJWK(jwk ?? {}, "ES256", { extractable: true });
    if (found instanceof Uint8Array) throw new Error("not a public key");
    const secret = new TextEncoder().encode(await exportSPKI(found));
    const [, payload = ""] = (await room.token(githubJob)).split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
    const forged = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", kid: "1" })
      .sign(secret);
    expect(await room.login(forged)).toBe(401);
  });

  test("and that brings its own key, or the address of one, is refused, and nobody is asked", async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
    await using thief = await startIssuer();
    const jwk = { ...thief.jwks().keys[0], kid: "1" };
    for (const header of [
      { jwk },
      { jku: `${thief.url}/keys` },
      { x5u: `${thief.url}/keys` },
      { jku: `${thief.url}/keys`, kid: "2" },
    ]) {
      expect(await room.login(await room.token(githubJob, { header, key: privateKey }))).toBe(401);
    }
    expect(publicKey.type).toBe("public");
    expect(thief.asked).toEqual([]);
  });

  test("but another issuer did is refused", async () => {
    await using other = await startIssuer({
      name: room.issuer.url,
      clock: room.registry.store.clock.now,
    });
    expect(await room.login(await other.sign(githubJob, { audience: room.audience }))).toBe(401);
  });

  test("of an issuer that no rule names is refused, and that issuer is not asked", async () => {
    await using stranger = await startIssuer({ clock: room.registry.store.clock.now });
    expect(await room.login(await stranger.sign(githubJob, { audience: room.audience }))).toBe(401);
    expect(stranger.asked).toEqual([]);
  });

  test("that was cut, doubled or joined from two is refused", async () => {
    const [one, two] = [await room.token(githubJob), await room.token({ ...githubJob, sha: "b" })];
    const [head, , signature] = one.split(".");
    const [, payload] = two.split(".");
    for (const token of [
      `${head}.${payload}.${signature}`,
      one.slice(0, -1),
      one.slice(0, one.lastIndexOf(".") + 1),
      `${one}.${signature}`,
      `${one}${one}`,
      `${head}..${signature}`,
    ]) {
      expect(await room.login(token)).toBe(401);
    }
  });
});

describe("a token of the right issuer", () => {
  test.each([
    ["that has ended", { lasts: -31 }],
    ["that was issued in the future", { issued: 600, lasts: 900 }],
    ["that was issued two days ago and lasts a year", { issued: -172_800, lasts: 31_536_000 }],
    ["without an end", { without: ["exp"] }],
    ["without its time of issue", { without: ["iat"] }],
    ["without an audience", { without: ["aud"] }],
    ["with a critical extension that nobody knows", { header: { crit: ["unknown"], unknown: 1 } }],
    ["for another audience", { audience: "https://registry.example" }],
    ["for an audience that begins alike", { audience: "http://127.0.0.1.evil.example" }],
    ["for the host without a scheme", { audience: "127.0.0.1" }],
  ])("%s is refused", async (_, unusual) => {
    expect(await room.login(await room.token(githubJob, unusual))).toBe(401);
  });

  test.each([
    ["a pull request", { event_name: "pull_request" }],
    ["a pull request in the name of its target", { event_name: "pull_request_target" }],
    ["a comment on a pull request", { event_name: "pull_request_review_comment" }],
    ["a branch that is being merged", { head_ref: "feature" }],
    ["a fork", { repository: "mallory/app", repository_id: "99" }],
    ["a repository with the name of the trusted one, and another id", { repository_id: "75" }],
    ["the trusted repository under a new name", { repository: "acme/other" }],
    ["a repository whose name differs in its case", { repository: "Acme/App" }],
    ["several repositories at once", { repository: ["acme/app", "mallory/app"] }],
    ["another branch", { ref: "refs/heads/feature" }],
    ["a tag with the name of the branch", { ref: "refs/tags/main", ref_type: "tag" }],
  ])("of %s is refused", async (_, claims) => {
    expect(await room.login(await room.token({ ...githubJob, ...claims }))).toBe(401);
  });

  test("that no rule takes says why to whoever holds it", async () => {
    const other = await room.token({ ...githubJob, ref: "refs/heads/feature" });
    expect(await messageOf(other)).toBe(
      'the ID token is refused: its claim ref is "refs/heads/feature"',
    );
    const far = await room.token(githubJob, { audience: "https://registry.example" });
    expect(await messageOf(far)).toBe(
      `the ID token is refused: it is for another audience; ask for one with the audience ${room.audience}`,
    );
    const again = await room.token({ ...githubJob, repository_id: "75" });
    expect(await messageOf(again)).toBe(
      'the ID token is refused: its claim repository_id is "75", and the rule is bound to another one',
    );
    const stranger = await room.token({
      ...githubJob,
      repository: "mallory/x",
      repository_id: "9",
    });
    expect(await messageOf(stranger)).toBe("the ID token is refused: no rule is about this job");
  });

  test("that no rule takes is ignored where anybody may pull", async () => {
    await room.accounts.addRule({
      ...{ who: "anonymous", effect: "allow", pattern: "public/**", actions: "pull" },
    });
    const who = basic("job", await room.token({ ...githubJob, ref: "refs/heads/x" }));
    expect((await room.ask("GET", "/v2/public/app/manifests/1", who)).status).toBe(404);
    const scope = "scope=repository:public/app:pull";
    expect((await room.ask("GET", `/v2/token?${scope}`, who)).status).toBe(200);
    expect((await room.ask("GET", `/v2/token?${scope},push`, who)).status).toBe(401);
  });

  test("is a password and no bearer token", async () => {
    const answer = await room.ask("GET", "/v2/", `Bearer ${await room.token(githubJob)}`);
    expect(answer.status).toBe(401);
  });

  test("and our own tokens are no ID tokens for us", async () => {
    const who = basic("job", await room.token(githubJob));
    const bearer = (await room.bearer(who, "repository:lab/app:pull")).slice("Bearer ".length);
    expect(await room.login(bearer)).toBe(401);
  });

  test("never appears in the log", async () => {
    const right = await room.token(githubJob);
    const wrong = await room.token({ ...githubJob, ref: "refs/heads/x" });
    await room.login(right);
    await room.login(wrong);
    const log = JSON.stringify(room.registry.lines);
    for (const token of [right, wrong]) expect(log).not.toContain(token.split(".")[2] ?? "");
  });
});

test("a job of GitLab needs a protected ref, and no merge request gets in", async () => {
  await using gitlab = await openKeyless();
  await gitlab.trusts({ kind: "gitlab", id: "20", refs: ["refs/heads/main"] });
  const login = async (claims: object) =>
    gitlab.login(await gitlab.token({ ...gitlabJob, ...claims }));

  expect(await login({})).toBe(200);
  expect(await login({ ref_protected: "false" })).toBe(401);
  expect(await login({ pipeline_source: "merge_request_event" })).toBe(401);
  expect(await login({ project_id: "21" })).toBe(401);
  expect(await login({ ref_type: "tag", ref_path: "refs/tags/main" })).toBe(401);
  expect(await login({ ref_path: undefined })).toBe(401);
});

describe("an issuer that does not answer", () => {
  test("holds up nobody else, and lets in jobs whose key is known", async () => {
    await using slow = await openKeyless();
    await slow.trusts();
    expect(await slow.login(await slow.token(githubJob))).toBe(200);
    slow.registry.store.clock.advance(20_000);
    const held = Promise.withResolvers<Response>();
    slow.issuer.answers(() => held.promise);
    const unknown = slow.login(await slow.token(githubJob, { kid: "2" }));
    let isAnswered = false;
    const watched = unknown.then((status) => {
      isAnswered = true;
      return status;
    });

    expect((await slow.ask("GET", "/v2/", basic("root"))).status).toBe(200);
    expect(await slow.login(await slow.token(githubJob))).toBe(200);
    expect(isAnswered).toBe(false);
    held.resolve(new Response(null, { status: 503 }));
    expect(await watched).toBe(401);
    expect(slow.registry.workloads).toEqual([
      { kind: "issuer", issuer: slow.issuer.url, reason: expect.stringContaining("503") },
    ]);
  });

  test("lets in nobody who is new to it, and pulls without a login go on", async () => {
    await using down = await openKeyless();
    await down.trusts();
    await down.accounts.addRule({
      ...{ who: "anonymous", effect: "allow", pattern: "public/**", actions: "pull" },
    });
    down.issuer.answers(() => new Response(null, { status: 500 }));
    const token = await down.token(githubJob);

    expect(await down.login(token)).toBe(401);
    const who = basic("job", token);
    expect((await down.ask("GET", "/v2/public/app/manifests/1", who)).status).toBe(404);
  });
});

describe("the audience", () => {
  const host = "registry.example";
  const loginAt = async (at: Keyless, audience: string, name = host) => {
    const who = basic("job", await at.token(githubJob, { audience }));
    return (await at.ask("GET", "/v2/", who, { headers: { host: name } })).status;
  };

  test("is http.url where it is set, and then not the name that a request brings", async () => {
    await using named = await openKeyless({
      registry: { hosts: { loopbackOnly: false, url: "https://registry.example/" } },
    });
    await named.trusts();

    expect(await loginAt(named, "https://registry.example", "10.0.0.1")).toBe(200);
    expect(await loginAt(named, "https://registry.example/")).toBe(200);
    expect(await loginAt(named, "https://other.example", "other.example")).toBe(401);
    expect(await loginAt(named, named.audience, new URL(named.audience).host)).toBe(401);
  });

  test("is the name of the request where that is a name of this machine", async () => {
    await using own = await openKeyless({ registry: { names: ["registry.example", "fd00::1"] } });
    await own.trusts();

    expect(await loginAt(own, "https://registry.example")).toBe(200);
    expect(await loginAt(own, "http://registry.example:5000", "registry.example:5000")).toBe(200);
    expect(await loginAt(own, "http://[fd00::1]:5000", "[fd00::1]:5000")).toBe(200);
    expect(await loginAt(own, "https://registry.example", "registry.example:5000")).toBe(401);
  });

  test("is never a name that the sender chose: a token for another service is worth nothing here", async () => {
    await using own = await openKeyless({ registry: { names: ["*.example"] } });
    await own.trusts();

    expect(await loginAt(own, "https://evil.example", "evil.example")).toBe(401);
    expect(await loginAt(own, "http://evil.localhost", "evil.localhost")).toBe(401);
  });
});
