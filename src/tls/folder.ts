// `<data>/tls`: the CA that was made for this server, and the certificate that it signed last. Its owner's only, each file whole or absent.
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Pair } from "./authority.ts";
import { CertificateError } from "./material.ts";

const ownerOnly = { folder: 0o700, file: 0o600 };

/** Paths in a data directory. */
export const tlsPaths = (data: string) => {
  const folder = join(data, "tls");
  return {
    folder,
    authority: join(folder, "ca.crt"),
    authorityKey: join(folder, "ca.key"),
    /** Key and certificate of the server in one file, so that they cannot part. */
    server: join(folder, "server.pem"),
  };
};

/** @returns the CA; null when none was made yet. @throws CertificateError when one of its two files is missing. */
export function readAuthority(data: string): Pair | null {
  const { authority, authorityKey } = tlsPaths(data);
  const certificate = readAuthorityCertificate(data);
  // Without its certificate, no client can trust the key: a crash left it.
  if (certificate === null) return null;
  const key = readOrNull(authorityKey);
  if (key !== null) return { certificate, key };
  throw new CertificateError(
    `${authorityKey} is missing, so that no certificate can be signed. Restore it from a backup. Or delete ${authority}: then a new CA is made, which every client has to trust again.`,
  );
}

/** @returns what clients trust, as PEM; null when there is none. */
export function readAuthorityCertificate(data: string): string | null {
  return readOrNull(tlsPaths(data).authority);
}

/** Keeps a new CA. Its certificate is written last: what exists is whole. */
export function writeAuthority(data: string, { certificate, key }: Pair): void {
  const { authority, authorityKey } = tlsPaths(data);
  writeWhole(authorityKey, key);
  writeWhole(authority, certificate);
}

/** @returns the certificate that was signed last; null when there is none. */
export function readServerPair(data: string): Pair | null {
  return readPair(tlsPaths(data).server);
}

function readPair(path: string): Pair | null {
  const text = readOrNull(path);
  const end = text?.indexOf("-----BEGIN CERTIFICATE-----") ?? -1;
  return text === null || end < 0
    ? null
    : { key: text.slice(0, end), certificate: text.slice(end) };
}

/** Keeps a certificate and its key. */
export function writeServerPair(data: string, { certificate, key }: Pair): void {
  writeWhole(tlsPaths(data).server, key + certificate);
}

/** The certificate that a public CA signed last. */
export function acmePair(data: string) {
  const path = join(tlsPaths(data).folder, "acme.pem");
  return {
    path,
    read: () => readPair(path),
    write: ({ certificate, key }: Pair) => writeWhole(path, `${key.trim()}\n${certificate}`),
  };
}

/** The key of the account with that CA. */
export function acmeAccount(data: string) {
  const path = join(tlsPaths(data).folder, "acme-account.pem");
  return { read: () => readOrNull(path), write: (text: string) => writeWhole(path, text) };
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/** Durable when it returns. */
function writeWhole(path: string, text: string): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: ownerOnly.folder });
  const file = openSync(`${path}.new`, "w", ownerOnly.file);
  try {
    // One that a crash left keeps its mode when it is written again.
    chmodSync(`${path}.new`, ownerOnly.file);
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.new`, path);
  const place = openSync(folder, "r");
  try {
    fsyncSync(place);
  } finally {
    closeSync(place);
  }
}
