// A CA of our own, and certificates for this server. The library is loaded late: a start with certificates in place needs none of it.

/** Certificate and private key as PEM. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

const dayMs = 24 * 60 * 60 * 1000;
/** Clients whose clock is behind accept a new certificate as well. */
const backMs = dayMs;
/** Clients learn the CA by hand, so it lives longer than the machine. */
const authorityMs = 20 * 365 * dayMs;
/** Some clients refuse a certificate that is valid for more than 397 days, even from a private CA. */
const serverMs = 90 * dayMs;
/** A machine without a battery starts in 1970: certificates are never made for a time before this one. */
const earliest = Date.UTC(2026, 0, 1);

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** Makes a CA. @param name shown by clients that list their CAs. @param now Unix ms. */
export async function makeAuthority(name: string, now: number): Promise<Pair> {
  const x509 = await load();
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }],
    ...validity(now, authorityMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      // It signs servers only, no further CA.
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return pairOf(certificate.toString("pem"), keys.privateKey);
}

/** Makes a certificate for a server. @param names DNS names and addresses, at least one. @param now Unix ms. */
export async function makeServerPair(
  authority: Pair,
  names: readonly string[],
  now: number,
): Promise<Pair> {
  const x509 = await load();
  const issuer = new x509.X509Certificate(authority.certificate);
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ CN: ["Breadbox"] }],
    issuer: issuer.subjectName,
    ...validity(now, serverMs),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: await readKey(authority.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map(generalName)),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return pairOf(certificate.toString("pem"), keys.privateKey);
}

/** When it was made and when it ends, Unix ms. */
interface Validity {
  readonly validFrom: number;
  readonly validUntil: number;
}

/** True in the last third of its life, which leaves time for whatever keeps it from being renewed; and when it begins in the future. */
export function isDue({ validFrom, validUntil }: Validity, now: number): boolean {
  const at = Math.max(now, earliest);
  return validUntil - at < serverMs / 3 || validFrom > at;
}

async function load() {
  // The library needs it to be there first.
  await import("reflect-metadata");
  return import("@peculiar/x509");
}

const makeKeys = () => crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);

function validity(now: number, lengthMs: number) {
  const from = Math.max(now, earliest);
  return { notBefore: new Date(from - backMs), notAfter: new Date(from + lengthMs) };
}

function generalName(name: string) {
  return { type: isAddress(name) ? ("ip" as const) : ("dns" as const), value: name };
}

const isAddress = (name: string): boolean => name.includes(":") || /^[\d.]+$/.test(name);

async function pairOf(certificate: string, key: CryptoKey): Promise<Pair> {
  const bytes = Buffer.from(await crypto.subtle.exportKey("pkcs8", key)).toString("base64");
  const lines = bytes.match(/.{1,64}/g) ?? [];
  const pem = ["-----BEGIN PRIVATE KEY-----", ...lines, "-----END PRIVATE KEY-----", ""];
  return { certificate: `${certificate.trim()}\n`, key: pem.join("\n") };
}

function readKey(pem: string): Promise<CryptoKey> {
  const bytes = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
  return crypto.subtle.importKey("pkcs8", bytes, algorithm, false, ["sign"]);
}
