// The server that the configuration describes, as commands on its machine reach it.
import { type ServerAddress, urlOfListener } from "../config/server.ts";
import type { Config } from "../config/settings.ts";
import { readPem, schemeOf, tlsMode } from "../config/tls.ts";
import { readAuthorityCertificate } from "../tls/folder.ts";
import { namesOf, readCertificate } from "../tls/material.ts";

/** A server, and the CA of its own that it is trusted by, as PEM; null where the machine's CAs decide. */
export interface LocalServer extends ServerAddress {
  readonly ca: string | null;
}

/** @returns null when the port is not known. */
export function findLocalServer(config: Config): LocalServer | null {
  const { host, port } = config["http.listen"];
  const name = certifiedName(config);
  const url = urlOfListener({ host: name ?? host, port }, schemeOf(config));
  if (url === null) return null;
  const ca = tlsMode(config) === "self-signed" ? authorityOf(config) : null;
  return { url, authorization: null, ca };
}

/** A certificate from elsewhere is rarely for "localhost". */
function certifiedName(config: Config): string | null {
  if (tlsMode(config) === "acme") return config["http.tls.acme.hosts"][0] ?? null;
  const path = config["http.tls.certificate"];
  if (path === "") return null;
  try {
    const names = namesOf(readCertificate(readPem(path), path));
    return names.find((name) => !name.startsWith("*")) ?? null;
  } catch {
    // The user of a command may lack the permission to read the server's files.
    return null;
  }
}

function authorityOf({ data }: Config): string | null {
  try {
    return readAuthorityCertificate(data);
  } catch {
    return null;
  }
}
