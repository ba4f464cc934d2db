// Our own bearer tokens: what the token endpoint gives and each request brings. Five minutes, one algorithm, keys from our store only.
import {
  type CryptoKey,
  errors,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  jwtVerify,
  SignJWT,
} from "jose";
import type { JobOrigin } from "../model/jobOrigin.ts";
import type { Principal } from "./actions.ts";
import { Remembered } from "./remembered.ts";
import { readScopes, type Scope } from "./scopes.ts";

/** The one algorithm: a header that names another is refused, whatever key it brings (RFC 8725, 3.1). */
const algorithm = "ES256";
/** How long a token for requests lasts, seconds. */
export const bearerSeconds = 300;
/** One for a job: its ID token ends after some minutes, and it could not ask again. */
export const jobBearerSeconds = 3_600;

/** What a token is for: one for another use does not pass. */
interface Use {
  readonly type: string;
  readonly seconds: number;
  /** For jobs. */
  readonly jobSeconds: number;
}
const forRequests: Use = {
  type: "breadbox+jwt",
  seconds: bearerSeconds,
  jobSeconds: jobBearerSeconds,
};
/** A user who does not come for a month logs in again. A job may build for six hours before it pushes. */
const forRefresh: Use = {
  type: "breadbox-refresh+jwt",
  seconds: 30 * 24 * 3600,
  jobSeconds: 6 * 3600,
};
/** Clocks of several replicas may differ by this, seconds. */
const toleranceSeconds = 5;
const longestToken = 8 * 1024;

/** A key pair that signs tokens. */
export interface SigningKey {
  readonly id: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** What a token says. Whether its holder may still do so is asked anew for each request. */
export interface Bearer {
  readonly who: Principal["kind"];
  /** Name of the user, the token or the trust rule; empty for anonymous. */
  readonly name: string;
  /** Of the account when the token was made: another one voids it. */
  readonly stamp: string;
  readonly scopes: readonly Scope[];
  /** Of a job; null for everybody else. */
  readonly origin: JobOrigin | null;
}

/** Makes a key. @returns it, and how it is stored: a private JWK as JSON. */
export async function makeKey(
  id: string,
): Promise<{ readonly key: SigningKey; readonly stored: string }> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const stored = JSON.stringify({ ...(await exportJWK(privateKey)), kid: id });
  return { key: await readKey(stored), stored };
}

/** @param stored what `makeKey` returned. @throws Error when it is no such key */
export async function readKey(stored: string): Promise<SigningKey> {
  const jwk: JWK = JSON.parse(stored);
  const { kty, crv, x, y, d, kid } = jwk;
  if (kid === undefined || d === undefined) throw new Error("not a private key with an id");
  const shared = { kty: kty ?? "", crv: crv ?? "", x: x ?? "", y: y ?? "" };
  const [privateKey, publicKey] = await Promise.all([
    importJWK({ ...shared, d }, algorithm),
    importJWK(shared, algorithm),
  ]);
  if (privateKey instanceof Uint8Array || publicKey instanceof Uint8Array) {
    throw new Error("not an asymmetric key");
  }
  return { id: kid, privateKey, publicKey };
}

/** Signs and verifies. The first key signs; tokens of all of them are taken, so that a key can be replaced. */
export class Bearers {
  readonly #keys: readonly [SigningKey, ...SigningKey[]];
  /** Name of this store: tokens of another are none of ours. */
  readonly #service: string;
  readonly #clock: () => number;
  /** Tokens that were verified, until they end: a signature costs more than a manifest. */
  readonly #verified: Remembered<Bearer>;

  /** @param clock Unix ms. */
  constructor(keys: readonly [SigningKey, ...SigningKey[]], service: string, clock: () => number) {
    this.#keys = keys;
    this.#service = service;
    this.#clock = clock;
    this.#verified = new Remembered(clock, mostVerified);
  }

  /** @returns a token for requests. */
  sign({ scopes, ...subject }: Bearer): Promise<string> {
    const access = scopes.map((scope) => `${scope.type}:${scope.name}:${scope.actions.join(",")}`);
    return this.#sign({ ...subject, access }, forRequests);
  }

  /** @returns a token that is exchanged for others, in place of a password. */
  signRefresh(subject: Omit<Bearer, "scopes">): Promise<string> {
    return this.#sign({ ...subject, access: [] }, forRefresh);
  }

  /** @returns what the token says; null for one that is not ours, was changed, or has ended. */
  async verify(token: string): Promise<Bearer | null> {
    const known = this.remembered(token);
    if (known !== null) return known;
    const found = await this.#read(token, forRequests);
    if (found === null) return null;
    if (token.length <= longestRemembered) this.#verified.keep(token, found.bearer, found.until);
    return found.bearer;
  }

  /** What `verify` said of a token, until it ends; null for one that is not remembered. */
  remembered(token: string): Bearer | null {
    return this.#verified.find(token);
  }

  /** As `verify`, for one that `signRefresh` made. */
  async verifyRefresh(token: string): Promise<Bearer | null> {
    return (await this.#read(token, forRefresh))?.bearer ?? null;
  }

  #sign(
    given: Omit<Bearer, "scopes"> & { readonly access: readonly string[] },
    { type, seconds, jobSeconds }: Use,
  ): Promise<string> {
    const { who, name, stamp, access, origin } = given;
    const [key] = this.#keys;
    const issuedAt = Math.floor(this.#clock() / 1_000);
    const lasts = who === "workload" ? jobSeconds : seconds;
    return new SignJWT({ who, stamp, access, ...(origin !== null && { origin }) })
      .setProtectedHeader({ alg: algorithm, typ: type, kid: key.id })
      .setIssuer(this.#service)
      .setAudience(this.#service)
      .setSubject(name)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + lasts)
      .setJti(crypto.randomUUID())
      .sign(key.privateKey);
  }

  async #read(
    token: string,
    { type, seconds, jobSeconds }: Use,
  ): Promise<{ readonly bearer: Bearer; readonly until: number } | null> {
    if (token.length > longestToken || !isPlain(token)) return null;
    try {
      const { payload } = await jwtVerify(token, ({ kid }) => this.#keyOf(kid), {
        algorithms: [algorithm],
        typ: type,
        issuer: this.#service,
        audience: this.#service,
        clockTolerance: toleranceSeconds,
        currentDate: new Date(this.#clock()),
        maxTokenAge: Math.max(seconds, jobSeconds),
        requiredClaims: ["exp", "iat", "sub", "jti"],
      });
      const bearer = readBearer(payload);
      return bearer === null ? null : { bearer, until: Number(payload.exp) * 1_000 };
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  }

  /** By its id among ours. What else the header brings, a key or its address, is not looked at. */
  #keyOf(id: string | undefined): CryptoKey {
    const key = this.#keys.find((each) => each.id === id);
    if (key === undefined) throw new errors.JWSInvalid("unknown key");
    return key.publicKey;
  }
}

/** True for the one spelling of a token's bytes: others, with padding or with bits that no byte has, would be other tokens of the same signature. */
function isPlain(token: string): boolean {
  const parts = token.split(".");
  return parts.every((part) => Buffer.from(part, "base64url").toString("base64url") === part);
}

/** Of those that have not ended; 3 to 10 KB each. */
const mostVerified = 5_000;
/** Longer ones are verified each time; characters. */
const longestRemembered = 2048;
const kinds = ["anonymous", "user", "token", "workload"] as const;

function readBearer({ who, sub, stamp, access, origin }: Record<string, unknown>): Bearer | null {
  const kind = kinds.find((each) => each === who);
  if (kind === undefined || typeof sub !== "string" || !Array.isArray(access)) return null;
  if (typeof stamp !== "string") return null;
  const texts = access.filter((text) => typeof text === "string");
  return { who: kind, name: sub, stamp, scopes: readScopes(texts), origin: readOrigin(origin) };
}

function readOrigin(value: unknown): JobOrigin | null {
  if (typeof value !== "object" || value === null) return null;
  const texts = new Map<string, unknown>(Object.entries(value));
  const read = (name: string): string | null => {
    const text = texts.get(name);
    return typeof text === "string" ? text : null;
  };
  return {
    issuer: read("issuer") ?? "",
    repository: read("repository"),
    ref: read("ref"),
    commit: read("commit"),
    run: read("run"),
    actor: read("actor"),
  };
}
