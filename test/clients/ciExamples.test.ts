// The snippets of examples/ for CI systems: the commands of the files themselves, run by a shell as a runner would, with a real docker, an
// issuer on this machine in place of the CI system, and the address of the test's registry.
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import {
  breadboxBinary,
  projectRoot,
  type RunningRegistry,
  startBreadbox,
} from "../support/binary.ts";
import { randomBytes } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import {
  type Dockerd,
  dockerCommands,
  startDockerd,
  writeBuildContext,
} from "../support/dockerd.ts";
import {
  type Claims,
  githubJob,
  gitlabJob,
  startIssuer,
  type TestIssuer,
} from "../support/issuer.ts";
import { run, tempFolder } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";

type Yaml = Readonly<Record<string, unknown>>;
type Env = Readonly<Record<string, string>>;

/** A file with the address of the test's registry. */
function example(name: string, host: string): Yaml {
  const text = readFileSync(join(projectRoot, "examples", name), "utf8");
  expect(text).toContain("registry.example.com");
  return parse(text.replaceAll("registry.example.com", host));
}

const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, name) => Object(inner)[name], value);
const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const envOf = (value: unknown): Env =>
  Object.fromEntries(Object.entries(Object(value)).map(([name, text]) => [name, String(text)]));

/** What GitHub and Forgejo make of a workflow: its `run` steps, each by a shell of its own. */
function stepsOf(workflow: Yaml): { readonly scripts: readonly string[]; readonly env: Env } {
  const steps = at(workflow, "jobs", "push", "steps");
  const scripts = Array.isArray(steps) ? steps.map((step) => at(step, "run")) : [];
  return {
    scripts: textsOf(scripts.filter((it) => it !== undefined)),
    env: envOf(workflow["env"]),
  };
}

interface World {
  readonly registry: RunningRegistry;
  readonly issuer: TestIssuer;
  readonly dockerd: Dockerd;
  /** Runs scripts of a job in a folder with a Dockerfile. */
  job(scripts: readonly string[], env: Env): Promise<void>;
  breadbox(...args: readonly string[]): Promise<string>;
}

async function open(scope: Scope, path = ""): Promise<World> {
  const registry = await startBreadbox(scope, { env: { BREADBOX_AUTH_MODE: "required" } });
  const issuer = await startIssuer({ path });
  scope.defer(() => issuer[Symbol.asyncDispose]());
  const dockerd = await startDockerd(scope);
  const context = tempFolder(scope, "context");
  writeBuildContext(context, new Map([["app", randomBytes("keyless/app", 100_000)]]));
  return {
    ...{ registry, issuer, dockerd },
    async job(scripts, env) {
      for (const script of scripts) {
        await run(["bash", "-e", "-c", script], {
          ...{ cwd: context, env: { ...dockerd.env, ...env }, timeoutMs: 120_000 },
        });
      }
    },
    breadbox: async (...args) =>
      (await run([await breadboxBinary(), ...args, "--data", registry.data])).stdout,
  };
}

/** The image is there, its commit is known, and docker has kept neither the ID token nor a password. */
async function expectPushed({ registry, dockerd, breadbox }: World, claims: Claims): Promise<void> {
  const commit = String(claims["sha"]);
  const history = await breadbox("tag", "history", `lab/app:${commit}`, "--json");
  expect(at(JSON.parse(history), "pushes", "0", "origin")).toMatchObject({
    ...{ commit, repository: "acme/app" },
  });
  const config = JSON.parse(readFileSync(join(dockerd.env.DOCKER_CONFIG, "config.json"), "utf8"));
  const login = at(config, "auths", registry.host);
  expect(Object.keys(Object(login)).sort()).toEqual(["auth", "identitytoken"]);
  expect(Buffer.from(String(at(login, "auth")), "base64").toString()).toBe("job:");
}

const needs = {
  ...{ commands: [...dockerCommands, "bash", "curl", "jq"], root: true, timeoutMs: 300_000 },
};

for (const [name, kind, path] of [
  ["ci-github.yml", "github", ""],
  ["ci-forgejo.yml", "forgejo", "/api/actions"],
] as const) {
  clientTest(
    `a job of ${kind} pushes with the commands of examples/${name}`,
    needs,
    async (scope) => {
      const world = await open(scope, path);
      const { registry, issuer, breadbox, job } = world;
      const workflow = example(name, registry.host);
      if (kind === "github") expect(at(workflow, "permissions", "id-token")).toBe("write");
      else expect(workflow["enable-openid-connect"]).toBe(true);
      issuer.runs(githubJob);
      const { scripts, env } = stepsOf(workflow);
      const runner = {
        ...env,
        ACTIONS_ID_TOKEN_REQUEST_URL: `${issuer.origin}/token?api-version=2.0`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: "runner",
        GITHUB_SHA: String(githubJob["sha"]),
      };

      await expect(job(scripts, runner)).rejects.toThrow();
      const rule = ["acme/app", "lab/**:pull,push", "--issuer", issuer.url];
      await breadbox("trust", kind, ...rule, "--id", "74", "--ref", "refs/heads/main");
      await job(scripts, runner);

      await expectPushed(world, githubJob);
    },
  );
}

clientTest(
  "a job of gitlab pushes with the commands of examples/ci-gitlab.yml",
  needs,
  async (scope) => {
    const world = await open(scope);
    const { registry, issuer, breadbox, job } = world;
    const push = at(example("ci-gitlab.yml", registry.host), "push");
    const audience = String(at(push, "id_tokens", "REGISTRY_TOKEN", "aud"));
    const env = {
      ...envOf(at(push, "variables")),
      REGISTRY_TOKEN: await issuer.sign(gitlabJob, { audience }),
      CI_COMMIT_SHA: String(gitlabJob["sha"]),
    };
    const scripts = [textsOf(at(push, "script")).join("\n")];

    await expect(job(scripts, env)).rejects.toThrow();
    const rule = ["acme/app", "lab/**:pull,push", "--issuer", issuer.url];
    await breadbox("trust", "gitlab", ...rule, "--id", "20", "--ref", "refs/heads/main");
    await job(scripts, env);

    await expectPushed(world, gitlabJob);
  },
);
