// The keys of one issuer: read by OpenID Connect Discovery, kept, and read again when a token names one that is not known. Bounded in
// time, in size and in how often it is asked, because strangers can send tokens.
import {
  type CryptoKey,
  createLocalJWKSet,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
} from "jose";
import { discoveryOf, maySendTo } from "./issuerUrl.ts";

/** What an issuer is read with. */
export interface IssuerDeps {
  /** Exactly as the token's `iss` spells it. */
  readonly url: string;
  /** CA certificates (PEM) in place of the usual ones; null for these. */
  readonly ca: string | null;
  /** Monotonic ms. */
  readonly now: () => number;
  /** Called when its keys could not be read. */
  readonly onFailure: (reason: string) => void;
}

/** Its keys cannot be read now. */
export class IssuerError extends Error {
  override readonly name = "IssuerError";
}

/** Both documents together have to be there by then, ms. */
const patienceMs = 5_000;
const longestDocument = 512 * 1024;
/** Between two times that it is asked, ms: tokens with unknown keys ask no more often. */
export const restMs = 10_000;
/** Older keys are read again in the background, ms. */
export const freshMs = 10 * 60_000;
/** Older keys are not used any more, ms: a key that the issuer took back is void then, even if nobody can reach the issuer. */
export const usableMs = 60 * 60_000;

type Find = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

/** One issuer. */
export class Issuer {
  readonly #deps: IssuerDeps;
  #find: Find | null = null;
  #readAt = Number.NEGATIVE_INFINITY;
  #askedAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  constructor(deps: IssuerDeps) {
    this.#deps = deps;
  }

  /** The key that a token names. @throws IssuerError when keys cannot be read, JOSEError for one that the issuer does not have. */
  async key(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    const age = this.#deps.now() - this.#readAt;
    if (this.#find !== null && age < usableMs) {
      const found = await lookUp(this.#find, header, token);
      if (age >= freshMs) this.#read().catch(() => {});
      if (found !== null) return found;
    }
    await this.#read();
    const isOld = this.#deps.now() - this.#readAt >= usableMs;
    if (this.#find === null || isOld) throw new IssuerError("its keys were not read");
    return this.#find(header, token);
  }

  /** Reads the keys, once for all who wait, unless it did so a moment ago. */
  #read(): Promise<void> {
    if (this.#reading !== null) return this.#reading;
    if (this.#deps.now() - this.#askedAt < restMs) return Promise.resolve();
    this.#askedAt = this.#deps.now();
    this.#reading = this.#ask().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #ask(): Promise<void> {
    const { url, ca, onFailure } = this.#deps;
    try {
      this.#find = createLocalJWKSet(await readKeys(url, ca));
      this.#readAt = this.#deps.now();
    } catch (error) {
      onFailure(error instanceof Error ? error.message : String(error));
    }
  }
}

async function lookUp(
  find: Find,
  header: JWSHeaderParameters,
  token: FlattenedJWSInput,
): Promise<CryptoKey | null> {
  try {
    return await find(header, token);
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return null;
    throw error;
  }
}

/** @throws Error with the reason */
async function readKeys(issuer: string, ca: string | null): Promise<JSONWebKeySet> {
  const options: BunFetchRequestInit = {
    redirect: "error",
    signal: AbortSignal.timeout(patienceMs),
    headers: { accept: "application/json" },
    ...(ca === null ? {} : { tls: { ca } }),
  };
  const found = await readDocument(discoveryOf(issuer), options);
  if (found["issuer"] !== issuer) throw new Error("its discovery document names another issuer");
  const address = found["jwks_uri"];
  if (typeof address !== "string" || !maySendTo(issuer, address)) {
    throw new Error("its discovery document names no address of keys that is safe");
  }
  const { keys } = await readDocument(address, options);
  if (!Array.isArray(keys)) throw new Error("its document of keys has none");
  return { keys: keys.filter((key) => typeof key === "object" && key !== null) };
}

async function readDocument(
  address: string,
  options: BunFetchRequestInit,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await fetch(address, options);
  if (!answer.ok) {
    await answer.body?.cancel();
    throw new Error(`${address} answered ${answer.status}`);
  }
  const document: unknown = JSON.parse(await readText(answer));
  if (typeof document !== "object" || document === null)
    throw new Error(`${address} has no object`);
  return { ...document };
}

async function readText({ body, url }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.byteLength;
    if (length > longestDocument) throw new Error(`${url} has more than ${longestDocument} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
