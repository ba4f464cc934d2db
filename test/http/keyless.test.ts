// Jobs that come with an ID token in place of a password: who gets in, what it gives, and for how long.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { githubJob, gitlabJob, podOfCluster } from "../support/issuer.ts";
import { basic } from "./support/accessRoom.ts";
import { pushImage } from "./support/image.ts";
import { type Keyless, openKeyless } from "./support/keylessRoom.ts";

let room: Keyless;
beforeEach(async () => {
  room = await openKeyless();
});
afterEach(() => room[Symbol.asyncDispose]());

const manifest = "/v2/lab/app/manifests/1";
const bodyOf = async (answer: Response) => Object(await answer.json());

describe("a job of a trusted repository", () => {
  test("gets in with its ID token as password, whatever the user name says", async () => {
    await room.trusts();
    const token = await room.token(githubJob);

    for (const user of ["job", "root", "oauth2accesstoken", ""]) {
      expect(await room.login(token, user)).toBe(200);
    }
  });

  test("may do what its rule gives, and nothing else", async () => {
    await room.trusts();
    const who = basic("job", await room.token(githubJob));

    expect((await room.ask("GET", manifest, who)).status).toBe(404);
    expect((await room.ask("POST", "/v2/lab/app/blobs/uploads/", who)).status).toBe(202);
    expect((await room.ask("POST", "/v2/other/app/blobs/uploads/", who)).status).toBe(403);
    expect((await room.ask("DELETE", manifest, who)).status).toBe(403);
    expect((await room.ask("POST", "/v1/gc", who)).status).toBe(403);
  });

  test("exchanges it at the token endpoint, by Basic, for a token that outlives it", async () => {
    await room.trusts();
    const who = basic("job", await room.token(githubJob, { lasts: 60 }));
    const scope = "scope=repository:lab/app:pull,push&scope=repository:other/app:pull";
    const answer = await room.ask("GET", `/v2/token?${scope}`, who);
    const { token, expires_in } = await bodyOf(answer);

    expect(expires_in).toBe(3_600);
    room.registry.store.clock.advance(3_500_000);
    expect(await room.login(who)).toBe(401);
    expect((await room.ask("GET", manifest, `Bearer ${token}`)).status).toBe(404);
    expect((await room.ask("GET", "/v2/other/app/manifests/1", `Bearer ${token}`)).status).toBe(
      401,
    );
    room.registry.store.clock.advance(200_000);
    expect((await room.ask("GET", manifest, `Bearer ${token}`)).status).toBe(401);
  });

  test("exchanges it by a form, and a build of hours can still push with the refresh token", async () => {
    await room.trusts();
    const post = (form: Readonly<Record<string, string>>) =>
      room.ask("POST", "/v2/token", null, { body: new URLSearchParams(form) });
    const first = await post({
      ...{ grant_type: "password", username: "job", password: await room.token(githubJob) },
      ...{ access_type: "offline", scope: "repository:lab/app:pull,push" },
    });
    const { refresh_token } = await bodyOf(first);
    const again = { grant_type: "refresh_token", refresh_token };

    room.registry.store.clock.advance(5 * 3_600_000);
    const second = await post({ ...again, scope: "repository:lab/app:push" });
    const { token } = await bodyOf(second);
    expect((await room.ask("POST", "/v2/lab/app/blobs/uploads/", `Bearer ${token}`)).status).toBe(
      202,
    );
    room.registry.store.clock.advance(3_700_000);
    expect((await post(again)).status).toBe(401);
  });

  test("has nothing any more once its rule is removed, and nothing of a rule of the same name", async () => {
    await room.trusts();
    const who = basic("job", await room.token(githubJob));
    const bearer = await room.bearer(who, "repository:lab/app:pull");

    await room.trust.remove("acme/app");
    expect((await room.ask("GET", manifest, bearer)).status).toBe(401);
    expect((await room.ask("GET", "/v2/", who)).status).toBe(401);
    await room.trusts({}, "**:pull");
    expect((await room.ask("GET", manifest, bearer)).status).toBe(401);
  });

  test("closes a server that was open to everybody", async () => {
    await using open = await openKeyless();
    await open.accounts.removeUser("root");
    await open.trusts();
    expect((await open.ask("GET", "/v2/", null)).status).toBe(401);
  });

  test("is asked about by access rules as workload:NAME", async () => {
    await room.trusts();
    const asked = { who: "workload:acme/app", action: "push", what: "lab/app" };

    expect(await room.accounts.explain(asked)).toMatchObject({ isAllowed: true });
    await room.accounts.addRule({
      ...{ who: "workload:acme/app", effect: "deny", pattern: "lab/app", actions: "push" },
    });
    const who = basic("job", await room.token(githubJob));
    expect((await room.ask("POST", "/v2/lab/app/blobs/uploads/", who)).status).toBe(403);
    expect(await room.accounts.explain(asked)).toMatchObject({ isAllowed: false });
  });

  test("uses the rule with the most demands of those that it meets", async () => {
    await room.trusts({ name: "any" }, "lab/**:pull");
    await room.trusts({ name: "main", refs: ["refs/heads/main"] }, "lab/**:pull,push");
    const start = async (ref: string) => {
      const who = basic("job", await room.token({ ...githubJob, ref }));
      return (await room.ask("POST", "/v2/lab/app/blobs/uploads/", who)).status;
    };

    expect(await start("refs/heads/main")).toBe(202);
    expect(await start("refs/heads/feature")).toBe(403);
  });
});

describe("a rule without an id", () => {
  test("is bound to the repository of the first job, and says so", async () => {
    await room.trusts({ id: null });

    expect(await room.login(await room.token(githubJob))).toBe(200);
    expect(room.registry.workloads).toEqual([
      { kind: "bound", rule: "acme/app", claim: "repository_id", id: "74" },
    ]);
    const [rule] = await room.trust.list();
    expect(rule?.bound).toEqual({ claim: "repository_id", value: "74" });
    expect(await room.login(await room.token(githubJob))).toBe(200);
    // The name was registered again by somebody else.
    expect(await room.login(await room.token({ ...githubJob, repository_id: "75" }))).toBe(401);
  });

  test("is bound to one repository when two come at the same moment", async () => {
    await room.trusts({ id: null });
    const logins = await Promise.all(
      ["1", "2", "1", "2"].map(async (id) =>
        room.login(await room.token({ ...githubJob, repository_id: id })),
      ),
    );
    expect(logins.filter((status) => status === 200)).toHaveLength(2);
  });

  test("is not bound by a job that the rule refuses", async () => {
    await room.trusts({ id: null });
    const fork = { ...githubJob, repository_id: "9", event_name: "pull_request" };

    expect(await room.login(await room.token(fork))).toBe(401);
    const [rule] = await room.trust.list();
    expect(rule?.bound?.value).toBeNull();
  });
});

describe("jobs of other systems", () => {
  test.each([
    ["gitlab", gitlabJob, { kind: "gitlab", id: "20", refs: ["refs/heads/main"] }],
    ["forgejo", githubJob, { kind: "forgejo", id: "74" }],
    ["a cluster", podOfCluster, { kind: "kubernetes", place: "ci/builder", id: null }],
    [
      "a cluster, with the uid of the account",
      podOfCluster,
      { kind: "kubernetes", place: "ci/builder", id: "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798" },
    ],
  ] as const)("of %s get in", async (_, claims, typed) => {
    const path = typed.kind === "forgejo" ? "/api/actions" : "";
    await using other = await openKeyless({ issuer: { path } });
    await other.trusts(typed);

    expect(await other.login(await other.token(claims))).toBe(200);
  });

  test("of any issuer get in by the claims that the rule demands", async () => {
    await room.trusts({
      ...{ kind: "oidc", place: room.issuer.url, issuer: null, id: null, name: "robots" },
      claims: ["sub=robot-7", "sub=robot-8", "team/name=blue"],
    });
    const robot = { sub: "robot-8", team: { name: "blue" } };

    expect(await room.login(await room.token(robot))).toBe(200);
    expect(await room.login(await room.token({ ...robot, sub: "robot-9" }))).toBe(401);
    expect(await room.login(await room.token({ ...robot, team: { name: "red" } }))).toBe(401);
  });

  test("of two namesakes in a cluster, the one that was made later stays out where the uid is bound", async () => {
    await room.trusts({ kind: "kubernetes", place: "ci/builder", id: "another-uid" });
    expect(await room.login(await room.token(podOfCluster))).toBe(401);
  });
});

describe("what a job pushed", () => {
  const origin = {
    ...{ issuer: "", repository: "acme/app", ref: "refs/heads/main" },
    ...{ commit: "8843d7f92416211de9ebb963ff4ce28125932878", run: "1658821493", actor: "octocat" },
  };

  test("names its commit by tag and by digest, also when it came by an exchanged token", async () => {
    await room.trusts({}, "lab/**:pull,push,overwrite");
    const who = basic("job", await room.token(githubJob));
    const bearer = await room.bearer(who, "repository:lab/app:pull,push");
    const { digest } = await pushImage(room.registry.url, {
      ...{ name: "lab/app", tag: "1" },
      headers: { authorization: bearer },
    });
    const pushed = {
      ...{ digest, tag: "1", pushed_by: "workload:acme/app" },
      origin: { ...origin, issuer: room.issuer.url },
    };

    for (const reference of ["1", digest]) {
      const answer = await room.ask("GET", `/v1/repositories/lab/app/history/${reference}`, who);
      expect(await bodyOf(answer)).toMatchObject({ name: "lab/app", pushes: [pushed] });
    }
  });

  test("tells nobody who pulls without a login the names of people", async () => {
    await room.trusts({}, "lab/**:pull,push");
    await room.accounts.addRule({
      ...{ who: "anonymous", effect: "allow", pattern: "lab/**", actions: "pull" },
    });
    await pushImage(room.registry.url, {
      ...{ name: "lab/app", tag: "1" },
      headers: { authorization: basic("job", await room.token(githubJob)) },
    });

    const answer = await room.ask("GET", "/v1/repositories/lab/app/history/1", null);
    const [push] = (await bodyOf(answer))["pushes"];
    expect(push).toMatchObject({
      pushed_by: null,
      origin: { ...origin, issuer: room.issuer.url, actor: null },
    });
  });

  test("is unknown where there is no such tag", async () => {
    const answer = await room.ask("GET", "/v1/repositories/lab/app/history/1", basic("root"));
    expect(answer.status).toBe(404);
  });
});
