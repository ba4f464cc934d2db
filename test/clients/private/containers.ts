// podman, buildah and skopeo: one library, three ways to call it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openContainers, plainHttp, type Tool } from "../../support/containerTools.ts";
import { differences, readFolder } from "../../support/files.ts";
import { buildImage, writeLayout } from "../../support/images.ts";
import { tempFolder } from "../../support/processes.ts";
import type { Scope } from "../../support/scope.ts";
import { tar } from "../../support/tar.ts";
import { assertSame, type Client } from "./client.ts";
import { documentedFile, type Site } from "./site.ts";

const image = buildImage({ seed: "private/containers", layerSizes: [300_000, 10] });

function layout(scope: Scope): string {
  const folder = tempFolder(scope, "layout");
  writeLayout(folder, "localhost/app:1", image);
  return folder;
}

const section = "Podman, Buildah, Skopeo";

const registries = ({ line, host }: Site): string => {
  if (line === "plain HTTP on a LAN") return documentedFile(section);
  return line === "TLS" ? "" : plainHttp(host);
};

const open = (scope: Scope, site: Site) =>
  openContainers(scope, { inside: site.inside, registries: registries(site) });

const loginsOf = (tool: Tool, { host }: Site) => ({
  login: (user: string, password: string) => tool("login", "-u", user, "-p", password, host),
  logout: () => tool("logout", host),
});

const withStorage = (name: "podman" | "buildah"): Client => ({
  ...{ name, needs: { commands: [name], root: true }, section, checksLogin: true },
  open: async (scope, site) => {
    const tool = open(scope, site)[name];
    const nameOf = (repository: string) => `docker://${site.host}/${repository}:1`;
    const take = async (from: string) => (await tool("pull", "--quiet", from)).stdout.trim();
    const archive = join(tempFolder(scope, "archive"), "app.tar");
    writeFileSync(archive, tar(readFolder(layout(scope))));
    const id = await take(`oci-archive:${archive}`);
    return {
      ...loginsOf(tool, site),
      push: (repository) => tool("push", id, nameOf(repository)),
      pull: async (repository) => {
        await tool("rmi", "--all", "--force");
        assertSame("the image", await take(nameOf(repository)), id);
      },
    };
  },
});

export const podman = withStorage("podman");
export const buildah = withStorage("buildah");

export const skopeo: Client = {
  ...{ name: "skopeo", needs: { commands: ["skopeo"], root: true }, section, checksLogin: true },
  open: async (scope, site) => {
    const { skopeo } = open(scope, site);
    const from = layout(scope);
    const nameOf = (repository: string) => `docker://${site.host}/${repository}:1`;
    return {
      ...loginsOf(skopeo, site),
      push: (repository) => skopeo("copy", `oci:${from}`, nameOf(repository)),
      pull: async (repository) => {
        const to = tempFolder(scope, "to");
        await skopeo("copy", nameOf(repository), `oci:${to}:1`);
        const blobs = [from, to].map((folder) => readFolder(join(folder, "blobs")));
        const [first = new Map(), second = new Map()] = blobs;
        assertSame("the difference", differences(first, second).join(), "");
      },
    };
  },
};
