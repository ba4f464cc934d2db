// Clients that are built with Go and keep logins in files of their own: crane, regctl, oras, helm. They trust the machine's CAs.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Tool } from "../../support/containerTools.ts";
import { differences, readFolder } from "../../support/files.ts";
import * as programs from "../../support/goPrograms.ts";
import { type GoTool, goTool, goToolNeeds } from "../../support/goTools.ts";
import { buildImage, writeLayout } from "../../support/images.ts";
import { run, tempFolder } from "../../support/processes.ts";
import type { Scope } from "../../support/scope.ts";
import { assertSame, type Client } from "./client.ts";
import type { Site } from "./site.ts";

const image = buildImage({ seed: "private/go", layerSizes: [300_000, 10] });

/** The program, with settings of its own. */
async function openTool(scope: Scope, tool: GoTool, { inside }: Site): Promise<Tool> {
  const program = await goTool(tool);
  const home = tempFolder(scope, tool.name);
  const env = {
    ...{ HOME: home, DOCKER_CONFIG: home, REGCTL_CONFIG: join(home, "regctl.json") },
    HELM_REGISTRY_CONFIG: join(home, "helm.json"),
  };
  return (...args) => run(inside([program, ...args]), { env });
}

const common = (tool: GoTool) => ({
  ...{ name: tool.name, needs: { ...goToolNeeds(tool), root: true } },
  section: "curl, Helm, ORAS, crane, regctl",
});

/** @throws Error when a file is not the same. */
function assertSameFiles(first: string, second: string): void {
  assertSame("the difference", differences(readFolder(first), readFolder(second)).join(), "");
}

function layout(scope: Scope): string {
  const folder = tempFolder(scope, "layout");
  writeLayout(folder, "1", image);
  return folder;
}

export const crane: Client = {
  ...{ ...common(programs.crane), checksLogin: false },
  open: async (scope, site) => {
    const crane = await openTool(scope, programs.crane, site);
    const from = layout(scope);
    const plain = site.line === "plain HTTP on a LAN" ? ["--insecure"] : [];
    return {
      login: (user, password) => crane("auth", "login", site.host, "-u", user, "-p", password),
      logout: () => crane("auth", "logout", site.host),
      push: (repository) => crane("push", ...plain, from, `${site.host}/${repository}:1`),
      pull: async (repository) => {
        const to = tempFolder(scope, "to");
        await crane("pull", ...plain, "--format=oci", `${site.host}/${repository}:1`, to);
        assertSameFiles(join(from, "blobs"), join(to, "blobs"));
      },
    };
  },
};

export const regctl: Client = {
  ...{ ...common(programs.regctl), checksLogin: true },
  open: async (scope, site) => {
    const regctl = await openTool(scope, programs.regctl, site);
    const from = layout(scope);
    const plain = site.line === "TLS" ? [] : ["--tls", "disabled"];
    await regctl("registry", "set", site.host, "--skip-check", ...plain);
    return {
      login: (user, password) => regctl("registry", "login", site.host, "-u", user, "-p", password),
      logout: () => regctl("registry", "logout", site.host),
      push: (repository) =>
        regctl("image", "copy", `ocidir://${from}:1`, `${site.host}/${repository}:1`),
      pull: async (repository) => {
        const to = tempFolder(scope, "to");
        await regctl("image", "copy", `${site.host}/${repository}:1`, `ocidir://${to}:1`);
        assertSameFiles(join(from, "blobs"), join(to, "blobs"));
      },
    };
  },
};

export const oras: Client = {
  ...{ ...common(programs.oras), name: "oras-go", checksLogin: true },
  open: async (scope, site) => {
    const oras = await openTool(scope, programs.oras, site);
    const from = tempFolder(scope, "from");
    for (const [name, bytes] of image.files) writeFileSync(join(from, name), bytes);
    return {
      login: (user, password) => oras("login", site.host, user, password),
      logout: () => oras("logout", site.host),
      push: (repository) =>
        oras(
          "push",
          from,
          `${site.host}/${repository}:1`,
          "application/x.app",
          ...image.files.keys(),
        ),
      pull: async (repository) => {
        const to = tempFolder(scope, "to");
        await oras("pull", `${site.host}/${repository}:1`, to);
        assertSameFiles(from, to);
      },
    };
  },
};

export const helm: Client = {
  ...{ ...common(programs.helm), checksLogin: true },
  open: async (scope, site) => {
    const helm = await openTool(scope, programs.helm, site);
    const folder = tempFolder(scope, "chart");
    const plain = site.line === "TLS" ? [] : ["--plain-http"];
    mkdirSync(join(folder, "shop"));
    writeFileSync(
      join(folder, "shop", "Chart.yaml"),
      "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    );
    await helm("package", join(folder, "shop"), "--destination", folder);
    const archive = join(folder, "shop-1.0.0.tgz");
    return {
      login: (user, password) =>
        helm("registry", "login", site.host, "-u", user, "-p", password, ...plain),
      logout: () => helm("registry", "logout", site.host),
      push: (repository) => helm("push", archive, `oci://${site.host}/${repository}`, ...plain),
      pull: async (repository) => {
        const to = tempFolder(scope, "to");
        const chart = `oci://${site.host}/${repository}/shop`;
        await helm("pull", chart, "--version", "1.0.0", "-d", to, ...plain);
        const found = readFileSync(join(to, "shop-1.0.0.tgz"), "base64");
        assertSame("the chart", found, readFileSync(archive, "base64"));
      },
    };
  },
};
