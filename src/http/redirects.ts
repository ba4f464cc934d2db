// Which pulls are answered with a redirect to the store's own URL: those that the store answers as this server would, and whose client
// reaches it without sending it the login that was meant for us. Pure.
import { chooseRanges } from "./ranges.ts";

/** The clients that are redirected. */
export interface RedirectRule {
  /** True for addresses of clients that reach the store; null: all do. */
  readonly mayReach: ((address: string) => boolean) | null;
}

/** A pull. */
export interface RedirectedPull {
  readonly headers: Headers;
  /** Scheme, host and port that the client called. */
  readonly origin: string;
  /** Null when it is not known. */
  readonly address: string | null;
  /** Of the content; bytes. */
  readonly size: number;
}

/** Shorter content is sent at once: another request would take longer. Bytes. */
const shortest = 64 * 1024;
/** They send a login to wherever they are redirected (tried: GNU Wget 1.21, Python 3.11; Apache HttpClient 4 copies all headers). */
const forwarding = /^(?:Wget|Python-urllib|Apache-HttpClient)\//i;

/** Before a URL is made. */
export function mayRedirect(
  { headers, address, size }: Pick<RedirectedPull, "headers" | "address" | "size">,
  { mayReach }: RedirectRule,
): boolean {
  if (size <= shortest) return false;
  // Stores ignore If-Range, and answer several ranges with the first or with an error.
  if (headers.has("if-range")) return false;
  const choice = chooseRanges(headers.get("range"), size);
  if (choice.kind === "none" || (choice.kind === "spans" && choice.others.length > 0)) return false;
  return mayReach === null || (address !== null && mayReach(address));
}

/** With the URL. */
export function maySend(
  { headers, origin }: Pick<RedirectedPull, "headers" | "origin">,
  url: string,
): boolean {
  const [from, to] = [new URL(origin), new URL(url)];
  if (from.protocol === "https:" && to.protocol !== "https:") return false;
  if (!headers.has("authorization")) return true;
  // Go keeps the login for the same host and its subdomains (net/http, shouldCopyHeaderOnRedirect); stores refuse two logins.
  const isNear = to.hostname === from.hostname || to.hostname.endsWith(`.${from.hostname}`);
  return !isNear && !forwarding.test(headers.get("user-agent") ?? "");
}
