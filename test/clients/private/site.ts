// One server that asks everybody to log in, over plain HTTP on loopback or with TLS by its own CA on a LAN: the set-up of all clients here.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { breadboxBinary, projectRoot } from "../../support/binary.ts";
import { buildImage, type Image, writeLayout } from "../../support/images.ts";
import { type Lan, openLan } from "../../support/lan.ts";
import { run, startProcess, waitFor } from "../../support/processes.ts";
import type { Scope } from "../../support/scope.ts";
import { type FrontProxy, proxyHost, startProxy } from "./proxies.ts";

/** How clients reach it. */
export type Line = "plain HTTP" | "TLS" | "plain HTTP on a LAN";
/** Clients need no word about plain HTTP to their own machine. */
export const lines = ["plain HTTP", "TLS"] as const satisfies readonly Line[];

/** Who may log in; `lab/**` is all that these may use. */
export const bob = { name: "bob", password: "correct horse battery" } as const;

/** A server in its own network. */
export interface Site extends Lan {
  readonly line: Line;
  /** As clients write it before a repository. */
  readonly host: string;
  readonly url: string;
  /** An access token with bob's rights on `lab/**`. */
  readonly token: string;
  /** What anybody may pull as `library/app:1`, and bob as `lab/seed:1`. */
  readonly image: Image;
  /** The server's data directory. */
  readonly data: string;
  /** Does what `breadbox trust-ca` prints for everybody and below `# <section>`, word by word. */
  trust(section: string): Promise<void>;
  /** What the server has logged. */
  logs(): string;
}

/** How a server is started, and named by its clients. */
interface Way {
  readonly listen: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly host: string;
}

const ways: Readonly<Record<Line, Way>> = {
  "plain HTTP": { listen: "127.0.0.1:5000", host: "127.0.0.1:5000" },
  TLS: {
    listen: "198.51.100.7:5443",
    args: ["--tls", "self-signed"],
    env: { BREADBOX_HTTP_TLS_HOSTS: "nas.lan" },
    host: "nas.lan:5443",
  },
  "plain HTTP on a LAN": { listen: "198.51.100.7:5000", host: "nas.lan:5000" },
};

/** What docs/CONNECT.md says to write into a file so that a client uses plain HTTP. @param client as it is named there, in bold. */
export function documentedFile(client: string): string {
  const text = readFileSync(join(projectRoot, "docs", "CONNECT.md"), "utf8");
  const after = text.slice(text.indexOf(`**${client}**`));
  const [, file] = /^```\w+\n([\s\S]*?)^```/m.exec(after) ?? [];
  if (file === undefined || !text.includes(`**${client}**`)) throw new Error(`no ${client}`);
  return file;
}

/** As the examples of proxies say. */
const behindProxy: Way = {
  listen: "127.0.0.1:5000",
  env: {
    BREADBOX_HTTP_URL: `https://${proxyHost}`,
    BREADBOX_HTTP_TRUSTED_PROXIES: "127.0.0.1",
  },
  host: proxyHost,
};

/** Starts it, with its accounts. */
export async function openSite(scope: Scope, line: Line): Promise<Site> {
  const lan = await openLan(scope);
  return serve(scope, lan, line, ways[line]);
}

/** Starts it behind a proxy that ends TLS, whose CA the machine trusts already. */
export async function openProxied(scope: Scope, proxy: FrontProxy): Promise<Site> {
  const lan = await openLan(scope);
  const site = await serve(scope, lan, "TLS", behindProxy);
  await startProxy(scope, lan, proxy);
  return site;
}

async function serve(scope: Scope, lan: Lan, line: Line, way: Way): Promise<Site> {
  const binary = await breadboxBinary();
  const data = join(lan.folder, "data");
  const { image, token } = await addAccounts(lan, binary, data);
  const command = [binary, "serve", "--data", data, "--listen", way.listen, ...(way.args ?? [])];
  const server = startProcess(scope, lan.inside(command), {
    ...{ log: join(lan.folder, "server.log"), cwd: lan.folder, env: way.env ?? {} },
  });
  const local = `${way.args === undefined ? "http" : "https"}://${way.listen}`;
  const isReady = async () => {
    if (server.hasExited()) throw new Error(`the server ended early\n${server.logs()}`);
    return (await lan.run(["curl", "-skf", `${local}/readyz`], { mayFail: true })).code === 0;
  };
  await waitFor(local, isReady, { explain: server.logs });
  const url = `${line === "TLS" ? "https" : "http"}://${way.host}`;
  return {
    ...lan,
    ...{ line, host: way.host, url, image, token, data, logs: server.logs },
    trust: async (section) => {
      const printed = await lan.run([binary, "trust-ca", way.host, "--data", data]);
      await lan.run(["sh", "-e", "-c", stepsOf(printed.stdout, section).join("\n")]);
    },
  };
}

/** Images and accounts, before the server starts. */
async function addAccounts({ folder }: Lan, binary: string, data: string) {
  const breadbox = (args: readonly string[], input?: string) =>
    run([binary, ...args, "--data", data], { cwd: folder, ...(input && { input }) });
  const image = buildImage({ seed: "private/site", layerSizes: [100_000] });
  const layout = join(folder, "layout");
  mkdirSync(layout);
  writeLayout(layout, "1", image);
  for (const repository of ["library/app", "lab/seed"]) {
    await breadbox(["import", `oci:${layout}`, "--repository", repository]);
  }
  await breadbox(["user", "add", bob.name, "--password-stdin"], `${bob.password}\n`);
  await breadbox(["access", "allow", bob.name, "lab/**", "pull,push,overwrite"]);
  await breadbox(["access", "allow", "anonymous", "library/**", "pull"]);
  const grant = ["--grant", "lab/**:pull,push,overwrite", "--json"];
  const made = await breadbox(["token", "create", "ci", ...grant]);
  const token: string = JSON.parse(made.stdout).token;
  return { image, token };
}

/** The lines that save the certificate, and those below a client's name. @throws Error when there are none. */
function stepsOf(printed: string, section: string): string[] {
  const [, save] = /^(cat > breadbox-ca\.crt [\s\S]*?^EOF)$/m.exec(printed) ?? [];
  const after = printed.split(/^# /m).find((part) => part.startsWith(section));
  const [, ...steps] = after?.split("\n") ?? [];
  if (save === undefined || steps.length === 0) {
    throw new Error(`trust-ca prints nothing for ${section}\n${printed}`);
  }
  return [save, ...steps];
}
