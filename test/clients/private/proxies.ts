// The examples of proxies, word for word, in the namespaces of a site: they end TLS for registry.example.com.
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { projectRoot } from "../../support/binary.ts";
import { issue, writePair } from "../../support/certificates.ts";
import type { Lan } from "../../support/lan.ts";
import { startProcess, waitFor } from "../../support/processes.ts";
import type { Scope } from "../../support/scope.ts";

/** A proxy with an example of its own. */
export interface FrontProxy {
  readonly name: string;
  readonly commands: readonly string[];
  /** Puts the example in place. @returns how to start it, and the file of its CA once it runs. */
  prepare(lan: Lan): Promise<{ readonly command: readonly string[]; readonly ca: string }>;
}

export const proxyHost = "registry.example.com";

const exampleOf = (name: string): string => join(projectRoot, "examples", name);

/** A certificate where the examples expect it. @returns the CA's file. */
async function writeCertificate({ folder }: Lan, home: string): Promise<string> {
  const { authority, pair } = await issue([proxyHost]);
  const tls = join(folder, "etc", home, "tls");
  mkdirSync(tls, { recursive: true });
  const { certificate, key } = writePair(tls, pair);
  cpSync(certificate, join(tls, `${proxyHost}.pem`));
  cpSync(key, join(tls, `${proxyHost}.key`));
  const ca = join(folder, "proxy-ca.crt");
  await Bun.write(ca, authority.certificate);
  return ca;
}

export const nginx: FrontProxy = {
  ...{ name: "nginx", commands: ["nginx"] },
  prepare: async (lan) => {
    const ca = await writeCertificate(lan, "nginx");
    await lan.run(["install", "-D", exampleOf("nginx.conf"), "/etc/nginx/conf.d/breadbox.conf"]);
    const folder = join(lan.folder, "nginx");
    mkdirSync(folder);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    const paths = temporary.map((name) => `${name}_temp_path ${join(folder, name)};`);
    // What a distribution's own nginx.conf has around it.
    const main = `user root; daemon off; pid ${folder}/pid; error_log stderr; events {}
      http { access_log off; ${paths.join(" ")} include /etc/nginx/conf.d/breadbox.conf; }`;
    const file = join(folder, "nginx.conf");
    await Bun.write(file, main);
    return { command: ["nginx", "-p", folder, "-c", file], ca };
  },
};

export const caddy: FrontProxy = {
  ...{ name: "Caddy", commands: ["caddy"] },
  prepare: async (lan) => {
    const file = join(lan.folder, "etc", "caddy", "Caddyfile");
    mkdirSync(dirname(file), { recursive: true });
    // Its own CA instead of Let's Encrypt's, which cannot reach this network.
    const options = "{\n\tlocal_certs\n\tskip_install_trust\n\tadmin off\n}\n";
    await Bun.write(file, options + readFileSync(exampleOf("Caddyfile"), "utf8"));
    const data = join(lan.folder, "caddy-data");
    const command = ["env", `XDG_DATA_HOME=${data}`, `XDG_CONFIG_HOME=${data}`];
    const ca = join(data, "caddy", "pki", "authorities", "local", "root.crt");
    return { command: [...command, "caddy", "run", "--config", "/etc/caddy/Caddyfile"], ca };
  },
};

export const traefik: FrontProxy = {
  ...{ name: "Traefik", commands: ["traefik"] },
  prepare: async (lan) => {
    const ca = await writeCertificate(lan, "traefik");
    cpSync(exampleOf("traefik"), join(lan.folder, "etc", "traefik"), { recursive: true });
    return { command: ["traefik", "--configFile=/etc/traefik/traefik.yml"], ca };
  },
};

/** Starts it, and makes the machine trust its CA. Breadbox has to run already. */
export async function startProxy(scope: Scope, lan: Lan, proxy: FrontProxy): Promise<void> {
  const { command, ca } = await proxy.prepare(lan);
  const log = join(lan.folder, "proxy.log");
  const running = startProcess(scope, lan.inside(command), { log, cwd: lan.folder });
  const isReady = async () => {
    if (running.hasExited()) throw new Error(`${proxy.name} ended early\n${running.logs()}`);
    const asked = ["curl", "-skf", `https://${proxyHost}/readyz`];
    return (await lan.run(asked, { mayFail: true })).code === 0;
  };
  await waitFor(proxy.name, isReady, { everyMs: 100, explain: running.logs });
  await lan.run(["install", "-D", ca, "/usr/local/share/ca-certificates/proxy.crt"]);
  await lan.run(["update-ca-certificates"]);
}
