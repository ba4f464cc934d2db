// One HTTP client of a race: asks, counts the answer, and notes those that no registry may give.
import { sha256 } from "../../support/bytes.ts";
import type { Ledger } from "./ledger.ts";
import type { Life } from "./life.ts";

/** An answer with when it was asked for and when it was there; monotonic ms. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** `sha256:<hex>` of the body. */
  readonly digest: string;
  readonly askedAt: number;
  readonly answeredAt: number;
  /** It was asked for before, by a request that had no answer and may have been done. */
  readonly again: boolean;
}

/** How a request goes out, over what `fetch` sends by itself. */
export interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  /** Sent once: doing it twice is not the same. The status is 0 when it has no answer. */
  readonly once?: boolean;
}

/** Whom a client asks, and as whom. */
export interface ClientOptions {
  /** Value of the header; null where nobody logs in. */
  readonly authorization?: string | null;
  /** Absent: nobody kills it, and a request without an answer is wrong. */
  readonly life?: Life | undefined;
}

const kept = 500;
/** Somebody else may lock the database for longer than the server waits: then nothing was done, and it says so. */
const mostRetries = 5;
/** The claim of a replica that was killed lasts for 9 s, and the other one says so. */
const mostOfClaims = 15;
/** A kill at each of them is not likely. */
const mostSent = 10;
/** The answer to a HEAD has no words. */
const isBusy = ({ status, text, headers }: Told): boolean =>
  status === 503 && headers.has("retry-after") && (text === "" || text.includes("is busy"));

const isClaimed = ({ status, text }: Pick<Answer, "status" | "text">): boolean =>
  (status === 429 && text.includes("another request is writing")) ||
  (status === 409 && text.includes("is being completed"));

type Told = Pick<Answer, "status" | "headers" | "text" | "digest">;

/** Asks one registry. */
export class Client {
  readonly #url: string;
  readonly #ledger: Ledger;
  readonly #options: ClientOptions;

  constructor(url: string, ledger: Ledger, options: ClientOptions = {}) {
    this.#url = url;
    this.#ledger = ledger;
    this.#options = options;
  }

  /** Another one with a login of its own. */
  as(authorization: string | null): Client {
    return new Client(this.#url, this.#ledger, { ...this.#options, authorization });
  }

  /** @param path from the root, or a whole address of the same server. */
  async ask(method: string, path: string, asked: Asked = {}): Promise<Answer> {
    const askedAt = performance.now();
    const { answer, again } = await this.#askAlive(method, path, asked);
    const answeredAt = performance.now();
    if (answer.status >= 500) {
      this.#ledger.note("serverErrors", `${method} ${path}: ${answer.status} ${answer.text}`);
    }
    return { ...answer, askedAt, answeredAt, again };
  }

  /** Asks until there is an answer, where somebody kills the server. */
  async #askAlive(method: string, path: string, asked: Asked) {
    const { life } = this.#options;
    for (let sent = 1; ; sent += 1) {
      const answer = await this.#askPatiently(method, path, asked);
      if (answer.status > 0) return { answer, again: sent > 1 };
      if (life === undefined || sent === mostSent) {
        this.#ledger.note("others", `${method} ${path}: no answer: ${answer.text}`);
        return { answer, again: sent > 1 };
      }
      this.#ledger.counts.cutRequests += 1;
      await life.whenBack();
      if (asked.once === true) return { answer, again: true };
    }
  }

  /** While the server is busy. */
  async #askPatiently(method: string, path: string, asked: Asked): Promise<Told> {
    for (let tries = 0; ; tries += 1) {
      const answer = await this.#fetch(method, path, asked);
      this.#ledger.events += 1;
      const isHeld = this.#options.life !== undefined && isClaimed(answer);
      if (!isHeld && !isBusy(answer)) return answer;
      if (tries === (isHeld ? mostOfClaims : mostRetries)) return answer;
      this.#ledger.counts.busyAnswers += 1;
      await Bun.sleep(1_000);
    }
  }

  async #fetch(method: string, path: string, { headers, body }: Asked): Promise<Told> {
    const { authorization = null, life } = this.#options;
    const sent = { ...headers, ...(authorization !== null && { authorization }) };
    try {
      // On a connection that was used before, `fetch` itself sends some requests again, and tells nobody.
      const keepalive = life === undefined;
      const init = { method, headers: sent, keepalive, ...(body !== undefined && { body }) };
      const response = await fetch(new URL(path, this.#url), init);
      const bytes = await response.bytes();
      const text = new TextDecoder().decode(bytes.subarray(0, kept));
      const { status } = response;
      // A proxy's own word for a replica that has just been killed.
      const isProxys = life !== undefined && status >= 502 && !response.headers.has("x-request-id");
      return {
        ...{ status: isProxys ? 0 : status, headers: response.headers },
        ...{ text, digest: sha256(bytes) },
      };
    } catch (error) {
      return { status: 0, headers: new Headers(), text: String(error), digest: "" };
    }
  }
}
