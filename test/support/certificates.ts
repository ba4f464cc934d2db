// Certificates for tests. No openssl is needed.
import "reflect-metadata";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { X509Certificate, X509CertificateGenerator } from "@peculiar/x509";
import { makeAuthority, makeServerPair, type Pair } from "../../src/tls/authority.ts";
import { type Judged, judge } from "../../src/tls/material.ts";

/** A CA, and a certificate of it for localhost. */
export interface Issued {
  readonly authority: Pair;
  readonly pair: Pair;
}

/** @param now Unix ms at which both begin. */
export async function issue(names = ["localhost", "127.0.0.1"], now = Date.now()): Promise<Issued> {
  const authority = await makeAuthority("Test CA", now);
  return { authority, pair: await makeServerPair(authority, names, now) };
}

/** Judged as a server would. */
export const judged = ({ certificate, key }: Pair): Judged =>
  judge({ certificate, key, clientCa: null }, { certificate: "c", key: "k", clientCa: "a" });

/** Writes both files into `folder`. @returns their paths. */
export function writePair(folder: string, { certificate, key }: Pair) {
  const paths = { certificate: join(folder, "server.crt"), key: join(folder, "server.key") };
  writeFileSync(paths.key, key, { mode: 0o600 });
  writeFileSync(paths.certificate, certificate);
  return paths;
}

/** A CA of clients, as PEM, and a client's certificate of it. */
export async function issueClient(): Promise<{ readonly authority: string; readonly pair: Pair }> {
  const [now, name] = [Date.now(), "Clients"];
  const authority = await makeAuthority(name, now);
  const issuer = new X509Certificate(authority.certificate);
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const bytes = Buffer.from(authority.key.replace(/-----[^-]+-----|\s/g, ""), "base64");
  const signingKey = await crypto.subtle.importKey("pkcs8", bytes, algorithm, false, ["sign"]);
  const certificate = await X509CertificateGenerator.create({
    ...{ subject: "CN=alice", issuer: issuer.subject, publicKey: keys.publicKey, signingKey },
    ...{ notBefore: new Date(now - 60_000), notAfter: new Date(now + 3_600_000) },
    signingAlgorithm: algorithm,
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  const pair = {
    certificate: certificate.toString("pem"),
    key: `-----BEGIN PRIVATE KEY-----\n${Buffer.from(key).toString("base64")}\n-----END PRIVATE KEY-----\n`,
  };
  return { authority: authority.certificate, pair };
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
