// What a TLS listener needs, and whether it can be used. Pure, apart from the clock that is passed in.
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";

/** Certificates and keys as PEM. */
export interface Material {
  /** The server's certificate, then those of the CAs between it and the root. */
  readonly certificate: string;
  readonly key: string;
  /** CAs of which clients must show a certificate; null: clients need none. */
  readonly clientCa: string | null;
}

/** Material that can be used, and what it says. */
export interface Judged {
  readonly material: Material;
  /** DNS names and addresses that the certificate is for. */
  readonly names: readonly string[];
  /** Unix ms. */
  readonly validFrom: number;
  readonly validUntil: number;
  /** SHA-256 of the certificate, in hexadecimal with colons. */
  readonly fingerprint: string;
  /** True when the CA with this certificate, as PEM, signed it. */
  isIssuedBy(authority: string): boolean;
}

/** Certificates that cannot be used. The message is a whole sentence for the operator. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
}

/** Paths that the texts came from. */
export interface Places {
  readonly certificate: string;
  readonly key: string;
  readonly clientCa: string;
}

/** @throws CertificateError for what no server could use: text that is no PEM, a key of another certificate. */
export function judge(material: Material, places: Places): Judged {
  const leaf = assertPair(material, places);
  if (material.clientCa !== null) readCertificate(material.clientCa, places.clientCa);
  tryOut(material, places);
  return {
    material,
    names: namesOf(leaf),
    validFrom: leaf.validFromDate.getTime(),
    validUntil: leaf.validToDate.getTime(),
    fingerprint: leaf.fingerprint256,
    isIssuedBy: (authority) => {
      const issuer = new X509Certificate(authority);
      return leaf.checkIssued(issuer) && leaf.verify(issuer.publicKey);
    },
  };
}

/** @returns the first certificate. @throws CertificateError when one of the two is none, or when they do not belong together. */
export function assertPair(
  { certificate, key }: Pick<Material, "certificate" | "key">,
  places: Pick<Places, "certificate" | "key">,
): X509Certificate {
  const leaf = readCertificate(certificate, places.certificate);
  if (leaf.checkPrivateKey(readKey(key, places.key))) return leaf;
  throw new CertificateError(
    `${places.key} is not the key of the certificate in ${places.certificate}. The server's own certificate must be the first one in that file.`,
  );
}

/** @returns why clients refuse the certificate at this time (Unix ms); null when they do not. */
export function timeProblem({ validFrom, validUntil }: Judged, now: number): string | null {
  if (validUntil <= now) return `The certificate expired on ${day(validUntil)}.`;
  return validFrom > now ? `The certificate is not valid before ${day(validFrom)}.` : null;
}

/** `2026-11-21`, in UTC. */
export function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** The first certificate of a PEM text. @param place where it came from. @throws CertificateError */
export function readCertificate(text: string, place: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch {
    throw new CertificateError(
      `${place} has no certificate: a PEM text with "-----BEGIN CERTIFICATE-----" is expected.`,
    );
  }
}

function readKey(text: string, place: string): KeyObject {
  if (/^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    throw new CertificateError(
      `The key in ${place} has a passphrase. Take it off: openssl pkey -in OLD -out NEW`,
    );
  }
  try {
    return createPrivateKey(text);
  } catch {
    throw new CertificateError(
      `${place} has no private key: a PEM text with "-----BEGIN PRIVATE KEY-----" is expected.`,
    );
  }
}

/** Whatever else the TLS library may object to, in the certificates after the first one for example. */
function tryOut({ certificate, key, clientCa }: Material, places: Places): void {
  try {
    createSecureContext({ cert: certificate, key, ...(clientCa !== null && { ca: clientCa }) });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CertificateError(
      `The certificate in ${places.certificate} cannot be used: ${reason}.`,
    );
  }
}

/** `DNS:a.example, IP Address:10.0.0.1` → names; a certificate without them has none that clients accept. */
export function namesOf({
  subjectAltName = "",
}: Pick<X509Certificate, "subjectAltName">): string[] {
  return [...subjectAltName.matchAll(/(?:^|, )(?:DNS|IP Address):([^,]+)/g)].map(([, name = ""]) =>
    name.toLowerCase(),
  );
}
