// HTTP as the commands speak it: one request, one answer or one error. Retries are their caller's.
import type { ServerAddress } from "../config/server.ts";
import { plainText } from "../plainText.ts";
import { LineError, RefusedError } from "./problems.ts";

/** A request without its path. */
export interface Call {
  readonly method?: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | string;
  /** Ends the request; what it was aborted with is thrown. */
  readonly stop?: AbortSignal;
  /** The line counts as broken when no byte passed for this long, ms. */
  readonly quietMs?: number;
  /** Statuses above 299 that are answers all the same. */
  readonly takes?: readonly number[];
}

const quietMs = 120_000;
/** Most of a refusal that is read, bytes. */
const refusalBytes = 64 * 1024;

/** Speaks to one server. */
export class Client {
  readonly url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #isLocal: boolean;
  /** Trusted instead of the machine's CAs; null where those alone decide. */
  readonly #ca: string | null;

  constructor({ url, authorization, ca = null }: ServerAddress & { readonly ca?: string | null }) {
    this.url = url;
    this.#ca = ca;
    // Content is stored as it came: it must not be packed on the way.
    const plain = { "accept-encoding": "identity" };
    this.#headers = authorization === null ? plain : { ...plain, authorization };
    this.#isLocal = /^https?:\/\/(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?:[:/]|$)/.test(url);
  }

  /** @throws LineError, RefusedError, and what `stop` was aborted with. */
  async send(path: string, call: Call = {}): Promise<Response> {
    const { method = "GET", headers = {}, body, stop, takes = [] } = call;
    const answer = await guarded(stop, () =>
      fetch(`${this.url}${path}`, {
        method,
        headers: { ...this.#headers, ...headers },
        ...(body !== undefined && { body }),
        ...(stop !== undefined && { signal: stop }),
        // No proxy is meant for the own machine, whatever the environment says.
        ...(this.#isLocal && { proxy: false }),
        ...(this.#ca !== null && { tls: { ca: this.#ca } }),
        redirect: "manual",
        decompress: false,
        timeout: call.quietMs ?? quietMs,
      }),
    );
    if (answer.ok || takes.includes(answer.status)) return answer;
    throw await refusal(answer, stop);
  }

  /** Sends, and reads an answer in JSON. @throws as `send`; RefusedError when it is none. */
  async json(path: string, call: Call = {}): Promise<unknown> {
    const answer = await this.send(path, call);
    const text = await guarded(call.stop, () => answer.text());
    try {
      return JSON.parse(text);
    } catch {
      throw new RefusedError("no JSON", { status: answer.status, code: "", retryAfterMs: null });
    }
  }

  /** Sends, for an answer without content that matters. @throws as `send`. */
  async done(path: string, call: Call): Promise<void> {
    const answer = await this.send(path, call);
    await guarded(call.stop, () => answer.arrayBuffer());
  }
}

/** Waits for what the line may break. @throws LineError, or what `stop` was aborted with. */
export async function guarded<T>(
  stop: AbortSignal | undefined,
  wait: () => Promise<T>,
): Promise<T> {
  try {
    return await wait();
  } catch (error) {
    if (stop?.aborted === true) throw stop.reason;
    throw lineErrorOf(error);
  }
}

/** Errors thrown by the body of a request pass: they are no connection errors. */
function lineErrorOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === "TimeoutError") return new LineError("ETIMEDOUT", "no answer for too long");
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const isOurs = error.name !== "TypeError" && error.name !== "Error";
  if (code === "" || isOurs) return error;
  return new LineError(code, code === "ECONNRESET" ? "connection reset" : code);
}

async function refusal(answer: Response, stop: AbortSignal | undefined): Promise<RefusedError> {
  const { status, statusText } = answer;
  const text = await guarded(stop, () => answer.text()).catch(() => "");
  const found = readEnvelope(text.slice(0, refusalBytes));
  const location = answer.headers.get("location");
  const moved = status >= 300 && status < 400 && location !== null ? `moved to ${location}` : null;
  return new RefusedError(plainText(found?.message ?? moved ?? statusText), {
    status,
    code: found?.code ?? "",
    retryAfterMs: readRetryAfter(answer.headers.get("retry-after")),
    part: found?.part ?? null,
  });
}

/** Seconds; dates, which no Breadbox sends, are left out. */
function readRetryAfter(text: string | null): number | null {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) * 1000 : null;
}

interface Envelope {
  readonly code: string;
  readonly message: string;
  readonly part: number | null;
}

function readEnvelope(text: string): Envelope | null {
  try {
    const { code, message, detail } = JSON.parse(text).errors[0];
    if (typeof code !== "string" || typeof message !== "string") return null;
    const part: unknown = detail?.part_number;
    return { code, message, part: typeof part === "number" ? part : null };
  } catch {
    return null;
  }
}
