// One HTTP client of a race: asks, counts the answer, and notes those that no registry may give.
import { sha256 } from "../../support/bytes.ts";
import type { Ledger } from "./ledger.ts";

/** An answer with when it was asked for and when it was there; monotonic ms. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** `sha256:<hex>` of the body. */
  readonly digest: string;
  readonly askedAt: number;
  readonly answeredAt: number;
}

/** How a request goes out, over what `fetch` sends by itself. */
export interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | string;
}

const kept = 500;
/** Somebody else may lock the database for longer than the server waits: then nothing was done, and it says so. */
const mostRetries = 5;
const isBusy = ({ status, text }: Pick<Answer, "status" | "text">): boolean =>
  status === 503 && text.includes("the server is busy");

/** Asks one registry. */
export class Client {
  readonly #url: string;
  readonly #ledger: Ledger;

  constructor(url: string, ledger: Ledger) {
    this.#url = url;
    this.#ledger = ledger;
  }

  /** @param path from the root, or a whole address of the same server. @param retries while the server is busy. */
  async ask(
    method: string,
    path: string,
    asked: Asked = {},
    retries = mostRetries,
  ): Promise<Answer> {
    const askedAt = performance.now();
    const answer = await this.#fetch(method, path, asked);
    const answeredAt = performance.now();
    this.#ledger.events += 1;
    if (isBusy(answer) && retries > 0) {
      this.#ledger.counts.busyAnswers += 1;
      await Bun.sleep(1_000);
      return this.ask(method, path, asked, retries - 1);
    }
    if (answer.status >= 500) {
      this.#ledger.note("serverErrors", `${method} ${path}: ${answer.status} ${answer.text}`);
    }
    return { ...answer, askedAt, answeredAt };
  }

  async #fetch(
    method: string,
    path: string,
    asked: Asked,
  ): Promise<Omit<Answer, "askedAt" | "answeredAt">> {
    try {
      const response = await fetch(new URL(path, this.#url), { ...asked, method });
      const bytes = await response.bytes();
      const text = new TextDecoder().decode(bytes.subarray(0, kept));
      return {
        status: response.status,
        headers: response.headers,
        text,
        digest: sha256(bytes),
      };
    } catch (error) {
      this.#ledger.note("others", `${method} ${path}: no answer: ${String(error)}`);
      return { status: 0, headers: new Headers(), text: String(error), digest: "" };
    }
  }
}
