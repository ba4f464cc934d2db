// The cookie of a browser's login: where it counts, how it is read, and how it is set.
import { longestMs } from "../access/browserSessions.ts";
import type { OwnNames } from "./audiences.ts";
import type { RequestContext } from "./requestContext.ts";

/**
 * Over TLS browsers take a cookie of this prefix from this very host only, and send it back over TLS only (RFC 6265bis, 4.1.3.2): neither
 * a neighbouring name nor somebody on the line can plant one.
 */
const secureName = "__Host-breadbox";
const plainName = "breadbox";

/**
 * The challenge to a browser that has a form to log in by. A 401 names a scheme (RFC 9110, 15.5.2), and browsers open a window of their
 * own for Basic; of this one they know nothing.
 */
export const formChallenge = 'Form realm="breadbox", action="/login"';

type Asked = Pick<RequestContext, "request" | "origin" | "path" | "foreign">;

/** What says whether clients come over TLS. */
type Names = Pick<OwnNames, "url">;

/**
 * The secret that a request's cookie holds; null without one. Clients of the registry are no browsers: below `/v2` no cookie counts, nor
 * does one for `/metrics`.
 */
export function readSessionCookie(asked: Asked, names: Names): string | null {
  const header = asked.request.headers.get("cookie");
  if (header === null || !asked.foreign || asked.path === "/metrics") return null;
  const prefix = `${isOverTls(asked, names) ? secureName : plainName}=`;
  const values = header
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(prefix));
  // Of two, one was planted for a part of the paths: nobody can say which.
  const [first, second] = values;
  return first === undefined || second !== undefined ? null : first.slice(prefix.length);
}

/**
 * `Set-Cookie` with the secret of a session; null removes it. SameSite=Lax, so that a link from a chat or an issue leads to the page and
 * not to a login: a GET changes nothing, and what changes something is refused unless the browser says that a page of this server sent it.
 */
export function sessionCookie(asked: Asked, names: Names, secret: string | null): string {
  const isSecure = isOverTls(asked, names);
  const age = secret === null ? 0 : longestMs / 1000;
  return [
    `${isSecure ? secureName : plainName}=${secret ?? ""}`,
    "Path=/",
    `Max-Age=${age}`,
    "HttpOnly",
    "SameSite=Lax",
    ...(isSecure ? ["Secure"] : []),
  ].join("; ");
}

/** True as well for a proxy that ends TLS and is not listed, if `http.url` says under which name clients come to it. */
function isOverTls(asked: Asked, { url }: Names): boolean {
  if (asked.origin().startsWith("https:")) return true;
  if (!url.startsWith("https:")) return false;
  return URL.parse(url)?.host === URL.parse(`https://${asked.request.headers.get("host")}`)?.host;
}
