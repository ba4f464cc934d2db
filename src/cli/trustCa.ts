// `breadbox trust-ca`: how clients come to trust the CA of a server that signs its own certificate.
import { hostname } from "node:os";
import { isLoopback } from "../config/listen.ts";
import { serverAddress } from "../config/server.ts";
import type { Config } from "../config/settings.ts";
import { ValueError } from "../config/values.ts";
import { readAuthorityCertificate, readServerPair, tlsPaths } from "../tls/folder.ts";
import { canonical } from "../tls/hostNames.ts";
import { CertificateError, day, namesOf, readCertificate } from "../tls/material.ts";
import { exitCode } from "./exitCode.ts";
import { complain, print } from "./print.ts";
import { loadFrom, type Options } from "./settingFlags.ts";
import { type TrustFacts, trustText } from "./trustText.ts";

/** Prints what to do. @param given HOST or HOST:PORT, as clients write it. @throws ConfigError */
export async function trustCa(given: string | undefined, options: Options): Promise<number> {
  const loaded = await loadFrom(options);
  const { asServed } = await import("../tool.ts");
  const { config } = await asServed(loaded);
  try {
    const host = given === undefined ? defaultHost(config) : readHost(given, config);
    print(trustText({ host, ...(await findAuthority(host, config)) }));
    return exitCode.done;
  } catch (error) {
    if (error instanceof ValueError) {
      complain(`error: ${JSON.stringify(given)} ${error.message}`);
      return exitCode.badUsage;
    }
    if (!(error instanceof CertificateError)) throw error;
    complain(error.message);
    return exitCode.failed;
  }
}

/** A host without a port has that of the configuration. @throws ValueError */
function readHost(given: string, config: Config): string {
  const text = given.replace(/^https:\/\//i, "").replace(/\/$/, "");
  const { host, hostname } = new URL(serverAddress.parse(`https://${text}`).url);
  return /:\d+$/.test(text) ? host : withPort(hostname, config);
}

function defaultHost(config: Config): string {
  const url = URL.parse(config["http.url"]);
  if (url !== null) return url.host;
  const { host } = config["http.listen"];
  if (isLoopback(config["http.listen"])) return withPort("localhost", config);
  const isEvery = host === "" || host === "0.0.0.0" || host === "::";
  const name = isEvery ? hostname() : host;
  return withPort(name.includes(":") ? `[${name}]` : name, config);
}

function withPort(name: string, config: Config): string {
  const { port } = config["http.listen"];
  if (port !== 0) return port === 443 ? name : `${name}:${port}`;
  throw new CertificateError(
    "http.listen takes any free port, so the server's port is not known: write HOST:PORT.",
  );
}

/** That in the data directory when the server there is meant, otherwise what the server answers. @throws CertificateError */
async function findAuthority(host: string, config: Config): Promise<Omit<TrustFacts, "host">> {
  const local = readLocal(config.data);
  if (local?.names.has(canonical(nameOf(host))) === true) {
    const source = tlsPaths(config.data).authority;
    return { ...factsOf(local.certificate, source), warning: null };
  }
  const url = `https://${host}/ca.crt`;
  const fetched = await fetchAuthority(url);
  if (fetched === null) throw new CertificateError(noAuthority(host, config, local !== null));
  const isOurs = fetched === local?.certificate;
  const warnings = [
    ...(isOurs ? [] : [compare]),
    ...((await isForAnother(url, fetched)) ? [notFor(host)] : []),
  ];
  return { ...factsOf(fetched, url), warning: warnings.join("\n") || null };
}

const compare =
  "This certificate came over a connection that nothing protects yet. Before you trust it, compare the\nfingerprint with the one that `breadbox trust-ca` prints on the server's machine.";

const notFor = (host: string): string =>
  `The server's certificate is not for ${nameOf(host)}: add this name to its http.tls.hosts and restart it.`;

function noAuthority(host: string, { data }: Config, isLocal: boolean): string {
  if (isLocal) {
    return `The certificate of the server in ${data} is not for ${nameOf(host)}. Add this name to its http.tls.hosts, and restart it.`;
  }
  return `There is no CA in ${data}, and https://${host}/ca.crt has none. Is a server running there with --tls self-signed? On its machine, run this command with its --data or --config.`;
}

interface Local {
  readonly certificate: string;
  /** What the server's own certificate is for. */
  readonly names: ReadonlySet<string>;
}

function readLocal(data: string): Local | null {
  try {
    const certificate = readAuthorityCertificate(data);
    const pair = readServerPair(data);
    if (certificate === null || pair === null) return null;
    const leaf = readCertificate(pair.certificate, tlsPaths(data).server);
    return { certificate, names: new Set(namesOf(leaf).map(canonical)) };
  } catch (error) {
    if (error instanceof CertificateError) return null;
    if (error instanceof Error && "code" in error && error.code === "EACCES") return null;
    throw error;
  }
}

function factsOf(certificate: string, source: string): Omit<TrustFacts, "host" | "warning"> {
  const { fingerprint256, validToDate } = readCertificate(certificate, source);
  return {
    ...{ certificate, source, fingerprint: fingerprint256 },
    validUntil: day(validToDate.getTime()),
  };
}

const nameOf = (host: string): string => URL.parse(`https://${host}`)?.hostname ?? host;

const patienceMs = 10_000;

/** Without a check of who answers: that is what the fingerprint is for. @returns null when there is none. */
async function fetchAuthority(url: string): Promise<string | null> {
  try {
    const answer = await ask(url, { rejectUnauthorized: false });
    const text = answer.ok ? await answer.text() : "";
    return text.length < 64 * 1024 && text.startsWith("-----BEGIN CERTIFICATE-----") ? text : null;
  } catch {
    return null;
  }
}

async function isForAnother(url: string, ca: string): Promise<boolean> {
  try {
    await (await ask(url, { ca })).arrayBuffer();
    return false;
  } catch (error) {
    return (
      error instanceof Error && "code" in error && error.code === "ERR_TLS_CERT_ALTNAME_INVALID"
    );
  }
}

const ask = (url: string, tls: Bun.TLSOptions): Promise<Response> =>
  fetch(url, { tls, redirect: "manual", signal: AbortSignal.timeout(patienceMs) });
