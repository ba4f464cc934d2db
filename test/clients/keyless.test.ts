// Clients besides docker with the ID token of a job as password: most of them keep it, and exchange it anew for each push.
import { describe, expect } from "bun:test";
import { join } from "node:path";
import { breadboxBinary, type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { randomBytes } from "../support/bytes.ts";
import { clientTest, longTest } from "../support/clientTest.ts";
import { openContainers, type Tool } from "../support/containerTools.ts";
import { writeBuildContext } from "../support/dockerd.ts";
import { crane, helm, regctl } from "../support/goPrograms.ts";
import { goTool, goToolNeeds } from "../support/goTools.ts";
import { buildImage, writeLayout } from "../support/images.ts";
import { githubJob, startIssuer } from "../support/issuer.ts";
import { run, tempFolder } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";

interface World {
  readonly registry: RunningRegistry;
  /** The ID token of a job. */
  readonly token: string;
  /** An OCI layout with an image `v1`. */
  readonly layout: string;
  readonly digest: string;
}

async function open(scope: Scope): Promise<World> {
  const registry = await startBreadbox(scope, { env: { BREADBOX_AUTH_MODE: "required" } });
  const issuer = await startIssuer({ algorithm: "RS256" });
  scope.defer(() => issuer[Symbol.asyncDispose]());
  const rule = ["acme/app", "lab/**:pull,push", "--issuer", issuer.url, "--id", "74"];
  await run([await breadboxBinary(), "trust", "github", ...rule, "--data", registry.data]);
  const layout = tempFolder(scope, "layout");
  const image = buildImage({ seed: "keyless", layerSizes: [200_000] });
  writeLayout(layout, "v1", image);
  return {
    ...{ registry, layout, digest: image.manifest.digest },
    token: await issuer.sign(githubJob, { audience: registry.url }),
  };
}

/** The commit that the pushes of a tag came from. */
async function commitOf({ registry }: World, image: string): Promise<unknown> {
  const history = ["tag", "history", image, "--json", "--data", registry.data];
  const { stdout } = await run([await breadboxBinary(), ...history]);
  return JSON.parse(stdout).pushes.map(
    (push: { origin: { commit: string } }) => push.origin.commit,
  );
}

/** A Go program with logins of its own. */
async function openGo(scope: Scope, program: typeof crane): Promise<Tool> {
  const binary = await goTool(program);
  const folder = tempFolder(scope, "go");
  const env = { DOCKER_CONFIG: folder, HOME: folder };
  return (...args) => run([binary, ...args], { env });
}

describe("a job pushes with its ID token", () => {
  clientTest("by skopeo, and may not push elsewhere", { commands: ["skopeo"] }, async (scope) => {
    const world = await open(scope);
    const { registry, layout, token } = world;
    const { skopeo } = openContainers(scope);
    const copy = (to: string) =>
      skopeo(
        ...["copy", "--dest-tls-verify=false", `--dest-creds=job:${token}`],
        ...[`oci:${layout}:v1`, `docker://${registry.host}/${to}`],
      );

    await copy("lab/app:1");
    await expect(copy("other/app:1")).rejects.toThrow();
    expect(await commitOf(world, "lab/app:1")).toEqual([githubJob["sha"]]);
  });

  clientTest("by podman, after a login", { commands: ["podman"], root: true }, async (scope) => {
    const world = await open(scope);
    const { registry, token } = world;
    const context = tempFolder(scope, "context");
    writeBuildContext(context, new Map([["app", randomBytes("keyless/podman", 100_000)]]));
    const { podman } = openContainers(scope);
    const image = `${registry.host}/lab/app:1`;
    const plain = "--tls-verify=false";

    await podman("login", plain, "--username=job", `--password=${token}`, registry.host);
    await podman("build", "--isolation=chroot", "--tag", image, context);
    await podman("push", plain, image);
    await podman("pull", plain, image);
    expect(await commitOf(world, "lab/app:1")).toEqual([githubJob["sha"]]);
  });

  clientTest("by crane, after a login", goToolNeeds(crane), async (scope) => {
    const world = await open(scope);
    const { registry, layout, token, digest } = world;
    const tool = await openGo(scope, crane);
    const image = `${registry.host}/lab/app:1`;

    await tool("auth", "login", registry.host, "--username=job", `--password=${token}`);
    await tool("push", layout, image);
    expect((await tool("digest", image)).stdout.trim()).toBe(digest);
    expect(await commitOf(world, "lab/app:1")).toEqual([githubJob["sha"]]);
  });

  clientTest("by regctl, after a login", goToolNeeds(regctl), async (scope) => {
    const world = await open(scope);
    const { registry, layout, token } = world;
    const tool = await openGo(scope, regctl);

    await tool("registry", "set", registry.host, "--tls=disabled", "--skip-check");
    await tool("registry", "login", registry.host, "--user=job", `--pass=${token}`);
    await tool("image", "copy", `ocidir://${layout}:v1`, `${registry.host}/lab/app:1`);
    expect(await commitOf(world, "lab/app:1")).toEqual([githubJob["sha"]]);
  });

  longTest("by helm, after a login", goToolNeeds(helm), async (scope) => {
    const world = await open(scope);
    const { registry, token } = world;
    const tool = await openGo(scope, helm);
    const folder = tempFolder(scope, "chart");
    const login = ["--username=job", `--password=${token}`, "--plain-http"];

    await tool("create", join(folder, "app"));
    await tool("package", join(folder, "app"), `--destination=${folder}`, "--version=1.0.0");
    await tool("registry", "login", registry.host, ...login);
    const chart = join(folder, "app-1.0.0.tgz");
    await tool("push", chart, `oci://${registry.host}/lab`, "--plain-http");
    expect(await commitOf(world, "lab/app:1.0.0")).toEqual([githubJob["sha"]]);
  });
});
