// One server that asks everybody to log in, over plain HTTP on loopback or with TLS by its own CA on a LAN: the set-up of all clients here.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { breadboxBinary } from "../../support/binary.ts";
import { buildImage, type Image, writeLayout } from "../../support/images.ts";
import { type Lan, openLan } from "../../support/lan.ts";
import { run, startProcess, waitFor } from "../../support/processes.ts";
import type { Scope } from "../../support/scope.ts";

/** How clients reach it. */
export type Line = "plain HTTP" | "TLS";
export const lines: readonly Line[] = ["plain HTTP", "TLS"];

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
  /** Does what `breadbox trust-ca` prints for everybody and below `# <section>`, word by word.
   *  @param leaveOut a line that starts a program which is not here. */
  trust(section: string, leaveOut?: RegExp): Promise<void>;
  /** What the server has logged. */
  logs(): string;
}

const addresses = { "plain HTTP": "127.0.0.1:5000", TLS: "198.51.100.7:5443" };
const hosts = { "plain HTTP": "127.0.0.1:5000", TLS: "nas.lan:5443" };

/** Starts it, with its accounts. */
export async function openSite(scope: Scope, line: Line): Promise<Site> {
  const lan = await openLan(scope);
  const binary = await breadboxBinary();
  const data = join(lan.folder, "data");
  const breadbox = (args: readonly string[], input?: string) =>
    run([binary, ...args, "--data", data], { cwd: lan.folder, ...(input && { input }) });
  const image = buildImage({ seed: "private/site", layerSizes: [100_000] });
  const layout = join(lan.folder, "layout");
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

  const tls = line === "TLS" ? ["--tls", "self-signed"] : [];
  const serve = [binary, "serve", "--data", data, "--listen", addresses[line], ...tls];
  const log = join(lan.folder, "server.log");
  const env = line === "TLS" ? { BREADBOX_HTTP_TLS_HOSTS: "nas.lan" } : {};
  const server = startProcess(scope, lan.inside(serve), { log, cwd: lan.folder, env });
  const host = hosts[line];
  const url = `${line === "TLS" ? "https" : "http"}://${host}`;
  const isReady = async () => {
    if (server.hasExited()) throw new Error(`the server ended early\n${server.logs()}`);
    const asked = await lan.run(["curl", "-skf", `${url}/readyz`], { mayFail: true });
    return asked.code === 0;
  };
  await waitFor(url, isReady, { explain: server.logs });

  return {
    ...lan,
    ...{ line, host, url, image, logs: server.logs },
    token: JSON.parse(made.stdout).token,
    trust: async (section, leaveOut) => {
      const printed = await lan.run([binary, "trust-ca", host, "--data", data]);
      const steps = stepsOf(printed.stdout, section).filter((text) => !leaveOut?.test(text));
      await lan.run(["sh", "-e", "-c", steps.join("\n")]);
    },
  };
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
