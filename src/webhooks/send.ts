// One attempt: a POST to the URL that the configuration names, and to no other one.
import type { Written } from "./forms.ts";
import { signatureHeaders } from "./signature.ts";

/** A receiver. */
export interface Receiver {
  readonly name: string;
  readonly url: string;
  readonly secret: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** null: accepted. Otherwise why not, for the operator: it holds nothing that the receiver or a secret says. */
export type Refusal = string | null;

/** What is sent once. */
export interface Sending {
  readonly id: string;
  readonly written: Written;
  /** Unix seconds. */
  readonly timestamp: number;
  /** Cuts the attempt off. */
  readonly stopping: AbortSignal;
}

/** Sends an event once. Never throws. */
export async function sendEvent(
  { url, secret, headers, timeoutMs }: Receiver,
  { id, written, timestamp, stopping }: Sending,
): Promise<Refusal> {
  const { contentType, body } = written;
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        ...headers,
        ...signatureHeaders(secret, { id, timestamp, body }),
        "content-type": contentType,
        "user-agent": "breadbox-webhook",
      },
      body,
      // Who may answer for the receiver is the configuration's decision, not the receiver's.
      redirect: "manual",
      signal: AbortSignal.any([stopping, AbortSignal.timeout(timeoutMs)]),
    });
    await answer.body?.cancel();
    if (answer.ok) return null;
    if (answer.status >= 300 && answer.status < 400) {
      return `status ${answer.status}: redirects are not followed; configure the final URL`;
    }
    return `status ${answer.status}`;
  } catch (error) {
    return reasonOf(error, timeoutMs);
  }
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return "no answer";
  if (error.name === "TimeoutError") return `no answer within ${timeoutMs} ms`;
  const code = "code" in error ? String(error.code) : error.name;
  return `no answer (${code})`;
}
