// k3s' registries.yaml: read by the library that k3s reads it with, and translated for containerd, which pulls over CRI as for a kubelet.
// The translation is ours, after k3s' templates: k3s itself is no module that can be fetched.
import { expect } from "bun:test";
import { join } from "node:path";
import { YAML } from "bun";
import { clientTest } from "../../support/clientTest.ts";
import { startContainerd } from "../../support/containerTools.ts";
import { k3s } from "../../support/goPrograms.ts";
import { goTool, goToolNeeds } from "../../support/goTools.ts";
import { lanNeeds } from "../../support/lan.ts";
import { tempFolder } from "../../support/processes.ts";
import { Scope } from "../../support/scope.ts";
import { failure, refused } from "./client.ts";
import { bob, lines, openSite, type Site } from "./site.ts";

const file = "/etc/rancher/k3s/registries.yaml";

const needs = { ...goToolNeeds(k3s), commands: ["containerd", ...lanNeeds.commands], root: true };

/** What a user has in it for this server before the login: that of `breadbox trust-ca`, or the address for plain HTTP. */
async function writeRegistries(site: Site): Promise<void> {
  if (site.line === "TLS") return site.trust("k3s");
  const input = `mirrors:\n  "${site.host}":\n    endpoint: ["${site.url}"]\nconfigs:\n  "${site.host}":\n`;
  await site.run(["install", "-D", "-m", "600", "/dev/stdin", file], { input });
}

/** The same with a login below the host's entry, which is the last one. */
async function addLogin({ run }: Site, password: string): Promise<void> {
  const lines = ["    auth:", `      username: ${bob.name}`, `      password: ${password}`];
  await run(["sh", "-c", `sed -i '/^    auth:/,$d' ${file} && cat >>${file}`], {
    input: `${lines.join("\n")}\n`,
  });
}

interface Registries {
  readonly configs: Readonly<
    Record<
      string,
      {
        readonly tls?: { readonly ca_file: string };
        readonly auth?: { readonly username: string; readonly password: string };
      }
    >
  >;
}

/** What k3s makes of the file: hosts.toml in a folder for the registry, and its login in containerd's own settings. */
async function translate(scope: Scope, { run, host, url }: Site): Promise<string> {
  const { configs }: Registries = Object(YAML.parse((await run(["cat", file])).stdout));
  const { tls, auth } = configs[host] ?? {};
  const folder = tempFolder(scope, "hosts");
  const ca = tls === undefined ? "" : `ca = ["${tls.ca_file}"]\n`;
  // Newer ones write the same settings above the first table, where containerd 1.6 does not look.
  const text = `server = "${url}"\n[host."${url}"]\ncapabilities = ["pull", "resolve"]\n${ca}`;
  await Bun.write(join(folder, host, "hosts.toml"), text);
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `[${cri}]
stream_server_address = "127.0.0.1"
stream_server_port = "0"
[${cri}.containerd]
snapshotter = "native"
[${cri}.registry]
config_path = "${folder}"
[${cri}.registry.configs."${host}".auth]
username = "${auth?.username ?? ""}"
password = "${auth?.password ?? ""}"
`;
}

for (const line of lines) {
  clientTest(`k3s' library pulls over ${line} by registries.yaml`, needs, async (scope) => {
    const program = await goTool(k3s);
    const site = await openSite(scope, line);
    const pull = () => site.run([program, "wharfie", file, `${site.host}/lab/seed:1`]);
    await writeRegistries(site);

    expect(await failure(pull())).toMatch(refused);
    await addLogin(site, "wrong horse");
    expect(await failure(pull())).toMatch(refused);
    await addLogin(site, bob.password);
    expect((await pull()).stdout.trim()).toBe(site.image.manifest.digest);
  });

  clientTest(`containerd pulls over ${line} for a kubelet of k3s`, needs, async (scope) => {
    const program = await goTool(k3s);
    const site = await openSite(scope, line);
    await writeRegistries(site);
    const pull = async () => {
      await using own = new Scope();
      const socket = join(tempFolder(own, "cri"), "socket");
      const cri = await translate(own, site);
      await startContainerd(own, { inside: site.inside, socket, cri });
      return await site.run([program, "cri", socket, `${site.host}/lab/seed:1`]);
    };

    expect(await failure(pull())).toMatch(refused);
    await addLogin(site, bob.password);
    expect((await pull()).stdout.trim()).toBe(site.image.blobs[0]?.digest ?? "");
  });
}
