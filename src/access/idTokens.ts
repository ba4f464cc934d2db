// ID tokens: which issuer one claims to be of, and whether that issuer signed it, for us, just now.
import { decodeJwt, errors, jwtVerify } from "jose";
import { isIdToken } from "./idTokenShape.ts";
import { type Issuer, IssuerError } from "./issuer.ts";
import { Remembered } from "./remembered.ts";
import type { Claims } from "./trust.ts";

/** Asymmetric ones only: with a symmetric one the public key would be the secret (RFC 8725, 2.1). */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "ES512", "EdDSA"];
/** The issuer's clock may differ from ours by this, seconds. */
const toleranceSeconds = 30;
/** A token that was issued longer ago is not one of a job. */
const oldest = "24h";
const mostVerified = 2_000;

/** @returns the `iss` of a token that nobody has verified yet; null for what is no ID token. */
export function claimedIssuer(token: string): string | null {
  if (!isIdToken(token)) return null;
  try {
    const { iss } = decodeJwt(token);
    return typeof iss === "string" ? iss : null;
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}

/** Verifies, and remembers what it verified: a client sends the same token with many requests. */
export class IdTokens {
  readonly #clock: () => number;
  readonly #verified: Remembered<Claims>;

  /** @param clock Unix ms. */
  constructor(clock: () => number) {
    this.#clock = clock;
    this.#verified = new Remembered(clock, mostVerified);
  }

  /** @returns the claims; null for a token that the issuer did not sign, that has ended or has not begun, or when its keys cannot be read. */
  async verify(token: string, issuer: Issuer, url: string): Promise<Claims | null> {
    const known = this.#verified.find(token);
    if (known !== null) return known;
    try {
      // What else the header brings, a key or its address, is not looked at.
      const { payload } = await jwtVerify(token, (header, jws) => issuer.key(header, jws), {
        algorithms,
        issuer: url,
        clockTolerance: toleranceSeconds,
        currentDate: new Date(this.#clock()),
        maxTokenAge: oldest,
        requiredClaims: ["exp", "iat", "aud"],
      });
      // A key that its issuer takes back counts no longer than this.
      const longest = this.#clock() + rememberedMs;
      this.#verified.keep(token, payload, Math.min(Number(payload.exp) * 1_000, longest));
      return payload;
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof IssuerError) return null;
      throw error;
    }
  }
}

const rememberedMs = 60_000;

/** True when the token is for one of `audiences` (OpenID Connect Core 1.0, 3.1.3.7). */
export function isFor({ aud }: Claims, audiences: readonly string[]): boolean {
  const listed: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return listed.some((each) => typeof each === "string" && audiences.includes(each));
}
