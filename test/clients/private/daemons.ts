// Clients with a daemon: docker, and containerd's ctr.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startContainerd } from "../../support/containerTools.ts";
import { dockerCommands, startDockerd } from "../../support/dockerd.ts";
import { readFolder } from "../../support/files.ts";
import { buildImage, writeLayout } from "../../support/images.ts";
import { run, tempFolder } from "../../support/processes.ts";
import type { Scope } from "../../support/scope.ts";
import { tar } from "../../support/tar.ts";
import { assertSame, type Client } from "./client.ts";
import { documentedFile } from "./site.ts";

const image = buildImage({ seed: "private/daemons", layerSizes: [300_000, 10] });

export const docker: Client = {
  ...{ name: "docker", needs: { commands: dockerCommands, root: true } },
  ...{ section: "Docker", checksLogin: true },
  open: async (scope, { host, inside, line }) => {
    const settings = line === "plain HTTP on a LAN" ? JSON.parse(documentedFile("Docker")) : {};
    const { docker } = await startDockerd(scope, { inside, settings });
    const archive = join(tempFolder(scope, "layer"), "layer.tar");
    writeFileSync(archive, tar(image.files));
    const id = (await docker("import", archive)).stdout.trim();
    const nameOf = (repository: string) => `${host}/${repository}:1`;
    return {
      login: (user, password) => docker("login", "-u", user, "-p", password, host),
      logout: () => docker("logout", host),
      push: async (repository) => {
        await docker("tag", id, nameOf(repository));
        return docker("push", nameOf(repository));
      },
      pull: async (repository) => {
        await docker("rmi", "--force", id);
        await docker("pull", nameOf(repository));
        const found = await docker("image", "inspect", "--format", "{{.Id}}", nameOf(repository));
        assertSame("the image", found.stdout.trim(), id);
      },
    };
  },
};

/** The form that `ctr images import` reads, with the name that the image will have there. */
function archive(scope: Scope, name: string): string {
  const folder = tempFolder(scope, "layout");
  writeLayout(folder, name, image);
  const file = join(tempFolder(scope, "archive"), "image.tar");
  writeFileSync(file, tar(readFolder(folder)));
  return file;
}

const certificates = "/etc/containerd/certs.d";

export const ctr: Client = {
  ...{ name: "containerd (ctr)", needs: { commands: ["containerd", "ctr"], root: true } },
  ...{ section: "containerd", checksLogin: false },
  open: async (scope, { host, inside, line }) => {
    const ctr = await startContainerd(scope, { inside });
    const way = line === "plain HTTP" ? ["--plain-http"] : ["--hosts-dir", certificates];
    if (line === "plain HTTP on a LAN") {
      const folder = `${certificates}/${host}`;
      const write = `mkdir -p '${folder}' && cat > '${folder}/hosts.toml'`;
      await run(inside(["sh", "-c", write]), { input: documentedFile("containerd") });
    }
    let login: string[] = [];
    const nameOf = (repository: string) => `${host}/${repository}:1`;
    return {
      login: async (user, password) => {
        login = ["--user", `${user}:${password}`];
      },
      logout: async () => {
        login = [];
      },
      push: async (repository) => {
        await ctr("images", "import", "--snapshotter=native", archive(scope, nameOf(repository)));
        return ctr("images", "push", ...way, ...login, nameOf(repository));
      },
      pull: async (repository) => {
        await ctr("images", "rm", "--sync", nameOf(repository));
        const from = ["--snapshotter=native", nameOf(repository)];
        await ctr("images", "pull", ...way, ...login, ...from);
        const listed = await ctr("images", "ls", `name==${nameOf(repository)}`);
        const found = /sha256:\w{64}/.exec(listed.stdout)?.[0] ?? "";
        assertSame("the image", found, image.manifest.digest);
      },
    };
  },
};
