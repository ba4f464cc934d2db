// A certificate of a public CA, ordered and renewed in the background: a server never waits for the CA. Until the first one is there, clients
// get one that nobody signed, which they refuse.
import {
  type AcmeRequest,
  type AnswerChallenges,
  type KeptText,
  orderCertificate,
} from "./acme.ts";
import { makeAuthority, makeServerPair, type Pair } from "./authority.ts";
import { acmeAccount, acmePair } from "./folder.ts";
import { missingNames } from "./hostNames.ts";
import { CertificateError, type Judged, judge, type Places } from "./material.ts";
import type { CertificateSource } from "./source.ts";

/** What orders need, and who hears of them. */
export interface AcmeOptions {
  /** Data directory. */
  readonly data: string;
  readonly request: AcmeRequest;
  readonly clock: () => number;
  readonly answerChallenges: AnswerChallenges;
  readonly readClientCa: () => string | null;
  /** The path that it reads. */
  readonly clientCa: string;
  readonly onOrder: () => void;
  /** @param nextAt Unix ms of the next attempt. */
  readonly onFailure: (reason: string, nextAt: number) => void;
  /** `orderCertificate`, or what a test has for it. */
  readonly order?: (request: AcmeRequest, key: KeptText, answer: AnswerChallenges) => Promise<Pair>;
}

/** Pauses after failures. Let's Encrypt allows five failures an hour for each name. */
const pausesMs = [2, 10, 60].map((minutes) => minutes * 60_000);
/** An order that takes longer has failed. */
const longestOrderMs = 10 * 60_000;

/** @returns a source whose looks never wait for the CA. */
export async function acmeSource(options: AcmeOptions): Promise<CertificateSource> {
  const { data, request, clock, readClientCa } = options;
  const kept = acmePair(data);
  const places: Places = { certificate: kept.path, key: kept.path, clientCa: options.clientCa };
  const judged = (pair: Pair): Judged => judge({ ...pair, clientCa: readClientCa() }, places);
  let last = readKept(kept.read(), judged);
  let standIn: Pair | null = null;
  const orders = new Orders(options, (pair) => {
    last = judged(pair);
    kept.write(pair);
  });
  return {
    authority: null,
    look: async () => {
      if (last === null || isOld(last, request.hosts, clock())) orders.begin();
      if (last === null) {
        standIn ??= await makeStandIn(request.hosts, clock());
        return last ?? judged(standIn);
      }
      if (last.material.clientCa !== readClientCa()) last = judged(last.material);
      return last;
    },
  };
}

/** One order at a time, and pauses after failures. */
class Orders {
  readonly #options: AcmeOptions;
  readonly #onPair: (pair: Pair) => void;
  #isRunning = false;
  #failures = 0;
  /** Unix ms. */
  #nextAt = 0;

  constructor(options: AcmeOptions, onPair: (pair: Pair) => void) {
    this.#options = options;
    this.#onPair = onPair;
  }

  /** Orders a certificate, unless an order is running or failed lately. */
  begin(): void {
    if (this.#isRunning || this.#options.clock() < this.#nextAt) return;
    this.#isRunning = true;
    this.#options.onOrder();
    this.#run().finally(() => {
      this.#isRunning = false;
    });
  }

  async #run(): Promise<void> {
    const { data, request, clock, answerChallenges, onFailure, order } = this.#options;
    try {
      const ordered = (order ?? orderCertificate)(request, acmeAccount(data), answerChallenges);
      this.#onPair(await Promise.race([ordered, tooLong()]));
      this.#failures = 0;
      this.#nextAt = 0;
    } catch (error) {
      const pause = pausesMs[Math.min(this.#failures, pausesMs.length - 1)] ?? 0;
      this.#failures += 1;
      this.#nextAt = clock() + pause;
      onFailure(error instanceof Error ? error.message : String(error), this.#nextAt);
    }
  }
}

async function tooLong(): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, longestOrderMs).unref());
  throw new CertificateError("The CA took too long.");
}

/** In the last third of its life, whatever that is: the CA chooses it. */
function isOld({ names, validFrom, validUntil }: Judged, hosts: readonly string[], now: number) {
  return validUntil - now < (validUntil - validFrom) / 3 || missingNames(hosts, names).length > 0;
}

/** One that is damaged is ordered again. */
function readKept(pair: Pair | null, judged: (pair: Pair) => Judged): Judged | null {
  try {
    return pair === null ? null : judged(pair);
  } catch (error) {
    if (error instanceof CertificateError) return null;
    throw error;
  }
}

async function makeStandIn(hosts: readonly string[], now: number): Promise<Pair> {
  return makeServerPair(await makeAuthority("No certificate yet", now), hosts, now);
}
