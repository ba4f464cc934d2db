// Trust rules as an operator adds them, and a job that uses one: from the command to the commit that a digest was built from.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { pushImage } from "../http/support/image.ts";
import { breadboxBinary, type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { issue } from "../support/certificates.ts";
import { githubJob, startIssuer, type TestIssuer } from "../support/issuer.ts";
import { tempFolder, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const scope = new Scope();
let issuer: TestIssuer;
let registry: RunningRegistry;
beforeAll(async () => {
  issuer = await startIssuer();
  registry = await startBreadbox(scope, { env: { BREADBOX_AUTH_MODE: "required" } });
}, 60_000);
afterAll(async () => {
  await scope.close();
  await issuer[Symbol.asyncDispose]();
});

async function breadbox(...args: readonly string[]) {
  const run = Bun.spawn([await breadboxBinary(), ...args, "--data", registry.data], {
    ...{ cwd: registry.data, stdout: "pipe", stderr: "pipe" },
  });
  const [stdout, stderr] = await Promise.all([run.stdout.text(), run.stderr.text()]);
  return { code: await run.exited, stdout, stderr };
}

const login = async (token: string): Promise<number> => {
  const basic = Buffer.from(`job:${token}`).toString("base64");
  const answer = await fetch(`${registry.url}/v2/`, {
    headers: { authorization: `Basic ${basic}` },
  });
  return answer.status;
};
const trust = (...more: readonly string[]) =>
  breadbox("trust", "github", "acme/app", "lab/**:pull,push", "--issuer", issuer.url, ...more);

test("a job gets in by one command, and its commit is found by one command", async () => {
  const added = await trust("--ref", "refs/heads/main");
  expect([added.code, added.stderr]).toEqual([0, ""]);
  expect(added.stdout).toContain("repository_id of the first job that comes as acme/app");
  expect(added.stdout).toContain("gh api repos/acme/app --jq .id");

  const token = await issuer.sign(githubJob, { audience: registry.url });
  expect(await login(token)).toBe(200);
  const bound = "trust rule acme/app is bound to repository_id 74";
  await waitFor(bound, async () => registry.logs().includes(bound), { explain: registry.logs });
  const basic = Buffer.from(`job:${token}`).toString("base64");
  const { digest } = await pushImage(registry.url, {
    ...{ name: "lab/app", tag: "1.0" },
    headers: { authorization: `Basic ${basic}` },
  });

  const running = `${registry.host}/lab/app@${digest}`;
  for (const name of ["lab/app:1.0", running, digest]) {
    const history = await breadbox("tag", "history", name);
    expect(history.code).toBe(0);
    expect(history.stdout).toContain("8843d7f92416211de9ebb963ff4ce28125932878");
    expect(history.stdout).toContain("workload:acme/app");
    expect(history.stdout).toContain("octocat");
  }
  const { pushes } = JSON.parse((await breadbox("tag", "history", "lab/app:1.0", "--json")).stdout);
  expect(pushes).toEqual([
    {
      ...{ repository: "lab/app", digest, tag: "1.0", pushed_by: "workload:acme/app" },
      pushed_at: expect.stringMatching(/^\d{4}-.*Z$/),
      origin: {
        ...{ issuer: issuer.url, repository: "acme/app", ref: "refs/heads/main" },
        commit: "8843d7f92416211de9ebb963ff4ce28125932878",
        ...{ run: "1658821493", actor: "octocat" },
      },
    },
  ]);

  const listed = await breadbox("trust", "ls");
  expect(listed.stdout).toContain("repository=acme/app ref=refs/heads/main repository_id=74");
  expect(listed.stdout).toContain("lab/**:pull,push");
  const { rules } = JSON.parse((await breadbox("trust", "ls", "--json")).stdout);
  expect(rules).toMatchObject([
    {
      ...{ name: "acme/app", kind: "github", has_ca: false, grants: ["lab/**:pull,push"] },
      bound: { claim: "repository_id", value: "74" },
      claims: [
        { name: "repository", values: ["acme/app"] },
        { name: "ref", values: ["refs/heads/main"] },
      ],
      last_used_at: expect.stringMatching(/^\d{4}-.*Z$/),
    },
  ]);
  const tested = await breadbox("access", "test", "workload:acme/app", "push", "lab/app");
  expect([tested.code, tested.stdout]).toEqual([0, expect.stringContaining("allowed: rule")]);
  expect((await breadbox("access", "ls")).stdout).toContain("workload:acme/app");

  // Logins are gathered for a second before they are written down.
  const trail = async () => (await breadbox("audit", "--who", "workload:acme/app")).stdout;
  await waitFor("the login in the trail", async () => (await trail()).includes("login"));
  for (const event of ["trust.bind", "push"]) expect(await trail()).toContain(event);
  expect((await breadbox("audit")).stdout).toContain("trust.add");

  expect((await trust()).code).toBe(1);
  expect((await breadbox("trust", "rm", "acme/app")).code).toBe(0);
  expect(await login(token)).toBe(401);
  expect((await breadbox("trust", "rm", "acme/app")).code).toBe(1);
  expect((await breadbox("trust", "ls")).stdout).toContain("There are no trust rules");
});

test("an issuer of the house is asked with the CA that the rule names", async () => {
  const { authority, pair } = await issue();
  const file = join(tempFolder(scope, "ca"), "ca.crt");
  await Bun.write(file, authority.certificate);
  await using forge = await startIssuer({
    ...{ path: "/api/actions", tls: { cert: pair.certificate, key: pair.key } },
  });

  const rule = ["acme/app", "lab/**:pull", "--issuer", forge.origin, "--id", "74", "--ca", file];
  const added = await breadbox("trust", "forgejo", ...rule);
  expect([added.code, added.stdout]).toEqual([0, expect.stringContaining(`jobs of ${forge.url}`)]);
  expect(await login(await forge.sign(githubJob, { audience: registry.url }))).toBe(200);
  await breadbox("trust", "rm", "acme/app");
});

test("a push by a person is listed, and what nobody pushed is not there", async () => {
  const missing = await breadbox("tag", "history", "lab/none:1.0");
  expect([missing.code, missing.stdout]).toEqual([1, ""]);
  expect(missing.stderr).toContain("No push of lab/none:1.0 is known");
  const wrong = await breadbox("tag", "history", "not an image");
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("REPO:TAG")]);
});

describe("a rule that would let strangers in", () => {
  test.each([
    [["github", "acme", "lab/**:push"], "OWNER/NAME"],
    [["github", "acme/app", "lab/**"], "PATTERN:ACTIONS"],
    [["github", "acme/app", "lab/**:fly"], "actions"],
    [["github", "acme/app", "lab/**:push", "--ref", "main"], "refs/heads/main"],
    [["github", "acme/app", "lab/**:push", "--claim", "repository=x/y"], "demands the claim"],
    [["kubernetes", "ci/b", "**:push", "--issuer", "https://k", "--claim", "sub=x"], "demands"],
    [["github", "acme/app", "lab/**:push", "--issuer", "http://gh.example"], "https://"],
    [["github", "acme/app", "lab/**:push", "--id", "7 or 8"], "is no id"],
    [["github", "acme/app", "lab/**:push", "--ca", "absent.crt"], "cannot be read"],
    [["forgejo", "acme/app", "lab/**:push"], "--issuer"],
    [["kubernetes", "ci/builder", "lab/**:push"], "--issuer"],
    [["oidc", "https://id.example", "lab/**:push"], "who starts it is not enough"],
    [["oidc", "https://id.example", "lab/**:push", "--claim", "actor=ann"], "not enough"],
    [["oidc", "https://id.example", "lab/**:push", "--claim", "ref=main"], "not enough"],
    [["oidc", "https://id.example", "lab/**:push", "--claim", "sub"], "NAME=VALUE"],
    [
      ["oidc", "https://token.actions.githubusercontent.com", "**:push", "--claim", "sub=x"],
      "breadbox trust github",
    ],
    [["oidc", "https://gitlab.com", "lab/**:push", "--claim", "sub=x"], "breadbox trust gitlab"],
  ] as const)("%j is refused: %s", async (args, said) => {
    const { code, stdout, stderr } = await breadbox("trust", ...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(said);
  });
});
