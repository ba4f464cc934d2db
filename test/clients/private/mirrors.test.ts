// A server with accounts as a mirror: clients send it the login of the mirrored registry, and pull what anybody may pull.
import { describe, expect } from "bun:test";
import { join } from "node:path";
import { clientTest } from "../../support/clientTest.ts";
import { startContainerd } from "../../support/containerTools.ts";
import { type Dockerd, dockerCommands, startDockerd } from "../../support/dockerd.ts";
import { lanNeeds } from "../../support/lan.ts";
import { tempFolder } from "../../support/processes.ts";
import type { Scope } from "../../support/scope.ts";
import { bob, lines, openSite, type Site } from "./site.ts";

const needsOf = (commands: readonly string[]) => ({
  commands: [...commands, ...lanNeeds.commands],
  root: true,
});

/** A Docker that has this login for Docker Hub, and the server as mirror of it. */
const dockerOf = (scope: Scope, { inside, url }: Site, name: string, password: string) => {
  const auth = Buffer.from(`${name}:${password}`).toString("base64");
  return startDockerd(scope, {
    inside,
    settings: { "registry-mirrors": [url] },
    login: { auths: { "https://index.docker.io/v1/": { auth } } },
  });
};

const idOf = async ({ docker }: Dockerd, image: string): Promise<string> =>
  (await docker("image", "inspect", "--format", "{{.Id}}", image)).stdout.trim();

for (const line of lines) {
  describe(`over ${line}`, () => {
    clientTest(
      "dockerd, which sends a mirror the login of Docker Hub, pulls with it what anybody may pull",
      needsOf(dockerCommands),
      async (scope) => {
        const site = await openSite(scope, line);
        if (line === "TLS") await site.trust("Docker");
        const foreign = await dockerOf(scope, site, "hub-user", "hub-password");

        await foreign.docker("pull", "app:1");

        expect(await idOf(foreign, "app:1")).toBe(site.image.blobs[0]?.digest ?? "");
        const [status, denied] = await Promise.all(
          ["/v2/library/app/manifests/1", "/v2/"].map((path) => statusOf(site, path)),
        );
        expect([status, denied]).toEqual(["200", "401"]);
        expect(site.logs()).not.toContain("hub-password");
      },
    );

    clientTest(
      "dockerd pulls from a mirror what only the login of Docker Hub may pull there",
      needsOf(dockerCommands),
      async (scope) => {
        const site = await openSite(scope, line);
        if (line === "TLS") await site.trust("Docker");
        const dockerd = await dockerOf(scope, site, bob.name, bob.password);

        await dockerd.docker("pull", "lab/seed:1");

        expect(await idOf(dockerd, "lab/seed:1")).toBe(site.image.blobs[0]?.digest ?? "");
      },
    );

    clientTest(
      "containerd pulls through a mirror with foreign credentials what anybody may pull",
      needsOf(["containerd", "ctr"]),
      async (scope) => {
        const site = await openSite(scope, line);
        if (line === "TLS") await site.trust("containerd");
        const ctr = await startContainerd(scope, site);
        const hosts = tempFolder(scope, "hosts");
        const ca = line === "TLS" ? `ca = "/etc/containerd/certs.d/${site.host}/ca.crt"` : "";
        const text = `[host."${site.url}"]\ncapabilities = ["pull", "resolve"]\n${ca}\n`;
        await Bun.write(join(hosts, "docker.io", "hosts.toml"), text);

        const foreign = ["--user", "hub-user:hub-password", "--hosts-dir", hosts];
        await ctr("images", "pull", ...foreign, "--snapshotter=native", "docker.io/library/app:1");

        const stored = (await ctr("content", "ls", "--quiet")).stdout.trim().split("\n").sort();
        const digests = [site.image.manifest, ...site.image.blobs].map(({ digest }) => digest);
        expect(stored).toEqual(digests.sort());
      },
    );

    clientTest(
      "containerd sends the Basic credentials that its hosts.toml has, and pushes and pulls with them",
      needsOf(["containerd", "ctr"]),
      async (scope) => {
        const site = await openSite(scope, line);
        if (line === "TLS") await site.trust("containerd");
        const ctr = await startContainerd(scope, site);
        const hosts = tempFolder(scope, "hosts");
        const ca = line === "TLS" ? `ca = "/etc/containerd/certs.d/${site.host}/ca.crt"` : "";
        const basic = Buffer.from(`${bob.name}:${bob.password}`).toString("base64");
        const text = `[host."${site.url}"]\n${ca}\n[host."${site.url}".header]\nAuthorization = "Basic ${basic}"\n`;
        const from = [...(line === "TLS" ? [] : ["--plain-http"]), "--hosts-dir", hosts];
        await Bun.write(join(hosts, site.host, "hosts.toml"), text);
        const [open, mine] = ["library", "lab"].map((folder) => `${site.host}/${folder}/app:1`);

        await ctr("images", "pull", ...from, "--snapshotter=native", `${open}`);
        await ctr("images", "tag", `${open}`, `${mine}`);
        await ctr("images", "push", ...from, `${mine}`);
        await ctr("images", "rm", "--sync", `${open}`, `${mine}`);
        await ctr("images", "pull", ...from, "--snapshotter=native", `${mine}`);

        const listed = await ctr("images", "ls", `name==${mine}`);
        expect(listed.stdout).toContain(site.image.manifest.digest);
      },
    );
  });
}

/** Of a request with a login that the server does not know. */
async function statusOf({ run, url }: Site, path: string): Promise<string> {
  const status = ["-sk", "-o", "/dev/null", "-w", "%{http_code}"];
  return (await run(["curl", ...status, "-u", "hub-user:hub-password", `${url}${path}`])).stdout;
}
