// A receiver of webhooks: it keeps what it gets, and answers as the test says.
import { createHmac } from "node:crypto";
import type { Scope } from "./scope.ts";

/** One request. */
export interface Received {
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body. */
  // biome-ignore lint/suspicious/noExplicitAny: what a receiver finds in the JSON of somebody else.
  readonly body: any;
}

export interface Receiver {
  readonly url: string;
  readonly port: number;
  readonly received: readonly Received[];
  /** From now on; 200 at first. */
  answer(status: number, headers?: Readonly<Record<string, string>>): void;
  /** Answers wait for it. */
  hold(until: Promise<unknown>): void;
  stop(): Promise<void>;
}

/** Listens on a free port, or on `port`. */
export function startReceiver(scope: Scope, port = 0): Receiver {
  const received: Received[] = [];
  let answer = { status: 200, headers: {} as Readonly<Record<string, string>> };
  let held: Promise<unknown> = Promise.resolve();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port,
    async fetch(request) {
      const text = await request.text();
      received.push({ headers: request.headers, text, body: JSON.parse(text) });
      await held;
      return new Response(null, answer);
    },
  });
  const stop = () => server.stop(true);
  scope.defer(stop);
  return {
    url: `http://127.0.0.1:${server.port}/events?key=of-the-receiver`,
    port: server.port ?? 0,
    received,
    answer: (status, headers = {}) => {
      answer = { status, headers };
    },
    hold: (until) => {
      held = until;
    },
    stop,
  };
}

/** What Standard Webhooks says of a request's signature, computed with another library than ours. */
export function expectedSignature(secret: string, { headers, text }: Received): string {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : secret;
  const signed = `${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${text}`;
  return `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
}
