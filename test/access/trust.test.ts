// Trust rules: which jobs may come in, and which look like them and may not.
import { describe, expect, test } from "bun:test";
import {
  assertSafe,
  objectionTo,
  originOf,
  TrustError,
  type TrustRule,
} from "../../src/access/trust.ts";

const github: TrustRule = {
  name: "lab/app",
  stamp: "1",
  ca: null,
  kind: "github",
  issuer: "https://token.actions.githubusercontent.com",
  demands: { repository: ["lab/app"], ref: ["refs/heads/main"] },
  bound: { claim: "repository_id", value: "42" },
  allowsPullRequests: false,
};
/** Claims as GitHub's documentation shows them. */
const job = {
  iss: "https://token.actions.githubusercontent.com",
  repository: "lab/app",
  repository_id: "42",
  ref: "refs/heads/main",
  event_name: "push",
  sha: "a1b2",
  run_id: "7",
  actor: "alice",
};

describe("a job of GitHub", () => {
  test("of the repository and ref that the rule names comes in", () => {
    expect(objectionTo(github, job)).toBeNull();
  });

  test.each([
    ["another issuer", { iss: "https://evil.example" }],
    ["another issuer that begins alike", { iss: `${github.issuer}.evil.example` }],
    ["another repository", { repository: "lab/other" }],
    ["another spelling of the repository", { repository: "Lab/app" }],
    ["a list that holds the repository", { repository: ["lab/app"] }],
    ["another ref", { ref: "refs/heads/feature" }],
    ["no ref", { ref: undefined }],
    ["no event", { event_name: undefined }],
    ["a repository that was registered again under the name", { repository_id: "43" }],
    ["no id of the repository", { repository_id: undefined }],
    ["a pull request", { event_name: "pull_request" }],
    [
      "a pull request of a fork that runs in the name of the target",
      { event_name: "pull_request_target" },
    ],
    ["a ref that is being merged", { head_ref: "feature" }],
  ])("of %s is refused", (_, changed) => {
    expect(objectionTo(github, { ...job, ...changed })).not.toBeNull();
  });

  test("binds a rule that was not bound yet, if it has an id", () => {
    const fresh = { ...github, bound: { claim: "repository_id", value: null } };

    expect(objectionTo(fresh, job)).toBeNull();
    expect(objectionTo(fresh, { ...job, repository_id: undefined })).not.toBeNull();
    expect(objectionTo(fresh, { ...job, repository_id: "" })).not.toBeNull();
  });

  test.each([
    ["refs/tags/v*", "refs/tags/v1.0", true],
    ["refs/tags/v*", "refs/tags/v1/x", false],
    ["refs/tags/v*", "refs/heads/v1.0", false],
    ["refs/tags/v*", "x/refs/tags/v1.0", false],
    ["refs/heads/**", "refs/heads/a/b", true],
    ["refs/heads/main", "refs/heads/mainly", false],
  ])("with a rule for the ref %s, that of %s: %p", (pattern, ref, isTaken) => {
    const rule = { ...github, demands: { repository: ["lab/app"], ref: [pattern] } };
    expect(objectionTo(rule, { ...job, ref }) === null).toBe(isTaken);
  });

  test("never fits a pattern where the rule has none for refs", () => {
    const rule = { ...github, demands: { repository: ["lab/*"] } };
    expect(objectionTo(rule, job)).toBe('its claim repository is "lab/app"');
  });

  test("of a pull request comes in where the rule says so", () => {
    const open = { ...github, allowsPullRequests: true };

    expect(objectionTo(open, { ...job, event_name: "pull_request" })).toBeNull();
  });
});

test("a job of GitLab needs a protected ref, and may not be a merge request", () => {
  const issuer = "https://gitlab.example";
  const bound = { claim: "project_id", value: "9" };
  const rule = {
    ...github,
    kind: "gitlab",
    issuer,
    bound,
    demands: { project_path: ["lab/app"] },
  } as const;
  const claims = { iss: issuer, project_path: "lab/app", project_id: 9, ref_protected: "true" };

  expect(objectionTo(rule, claims)).toBeNull();
  expect(objectionTo(rule, { ...claims, ref_protected: "false" })).not.toBeNull();
  expect(objectionTo(rule, { ...claims, pipeline_source: "merge_request_event" })).not.toBeNull();
});

test("a rule that asks only who started the job is refused", () => {
  expect(() => assertSafe({ demands: { actor: ["alice"] }, bound: null })).toThrow(TrustError);
  expect(() => assertSafe({ demands: {}, bound: null })).toThrow(TrustError);
  expect(() =>
    assertSafe({ demands: { sub: ["system:serviceaccount:ci:builder"] }, bound: null }),
  ).not.toThrow();
});

test("the origin of a push names repository, ref, commit, run and actor, each cut to 256 characters", () => {
  expect(originOf({ ...job, actor: "x".repeat(1_000) })).toEqual({
    issuer: job.iss,
    repository: "lab/app",
    ref: "refs/heads/main",
    commit: "a1b2",
    run: "7",
    actor: "x".repeat(256),
  });
});
