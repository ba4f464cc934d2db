// Requests that a web page sends by its visitor's browser. Without accounts, being able to reach the server is all the right there is,
// and a page from anywhere can reach what listens on the visitor's own machine.
import { RegistryError } from "../errors.ts";

/** They change nothing, and no page of another site can read what they answer: no CORS header is ever sent. */
const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD"]);
/** Sent by pages of this very server, and by what a person did without a page (Fetch Metadata, 2.1). */
const ownSites: ReadonlySet<string> = new Set(["same-origin", "none"]);

/**
 * Refuses what another site's page would change. Browsers say where a request comes from, and no page can change what they say;
 * clients that are no browsers say nothing.
 * @throws RegistryError CROSS_SITE
 */
export function assertOwnSite({ method, headers }: Pick<Request, "method" | "headers">): void {
  if (!safeMethods.has(method) && !isFromOwnSite(headers)) throw new RegistryError("CROSS_SITE");
}

/**
 * As `assertOwnSite`, for requests that a cookie makes someone's: a browser sends it along with whatever page asks, so that the page has to
 * be one of this very server, and the browser has to say so.
 * @throws RegistryError CROSS_SITE
 */
export function assertOwnPage({ method, headers }: Pick<Request, "method" | "headers">): void {
  if (safeMethods.has(method)) return;
  const site = headers.get("sec-fetch-site");
  const origin = headers.get("origin");
  const isOwn =
    site === null
      ? origin !== null && isOrigin(origin, headers.get("host") ?? "")
      : site === "same-origin";
  if (!isOwn) throw new RegistryError("CROSS_SITE");
}

function isFromOwnSite(headers: Headers): boolean {
  // Sent over TLS and to localhost, and then it says more than Origin: behind a proxy the Host may be another one.
  const site = headers.get("sec-fetch-site");
  if (site !== null) return ownSites.has(site);
  const origin = headers.get("origin");
  return origin === null || isOrigin(origin, headers.get("host") ?? "");
}

/** True when `origin` is the server's own `host`, with any scheme: a proxy may have ended TLS. */
function isOrigin(origin: string, host: string): boolean {
  const from = URL.parse(origin);
  if (from === null || from.host === "") return false;
  // Parsed alike, so that case and the default port make no difference.
  return URL.parse(`${from.protocol}//${host}`)?.host === from.host;
}
