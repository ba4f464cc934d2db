// The Host header: one, nothing but host[:port], and a name of this server. Bun hands over a relative URL for others, and two of them
// joined by a comma.
import { RegistryError } from "../errors.ts";

/** The rule for Host headers. */
export interface HostRule {
  /** True for a server that only this machine can reach: it takes the machine's names for itself, and the one in `url`. */
  readonly loopbackOnly: boolean;
  /** The URL that clients use, with a proxy in between; empty when it is not known. */
  readonly url: string;
}

/** Looks at the Host of one request. @throws RegistryError HOST_INVALID, HOST_FOREIGN */
export type HostCheck = (headers: Headers) => void;

/** Names with letters, digits, `-`, `_` and dots, IPv4, or an IPv6 literal in brackets; then perhaps a port. */
const grammar =
  /^(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]*)(?:\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$/;
/** 253 characters of a name, a final dot, a colon and a port. */
const longestHost = 260;

/** True when `host` is exactly one well-formed host[:port]. */
export function isHost(host: string | null): host is string {
  return host !== null && host.length <= longestHost && grammar.test(host);
}

/**
 * The hosts that a server on localhost accepts. A web page can have its name lead here (DNS rebinding): then browsers
 * take the server for the page's own, and only Host shows that they do.
 */
export function makeHostCheck({ loopbackOnly, url }: HostRule): HostCheck {
  const own = nameOf(url);
  // Clients send the same one over and over.
  let taken: string | undefined;
  return (headers) => {
    const host = headers.get("host");
    if (host === taken) return;
    if (!isHost(host)) throw new RegistryError("HOST_INVALID");
    if (loopbackOnly && !isOfThisMachine(nameOf(`http://${host}`), own)) {
      throw new RegistryError("HOST_FOREIGN");
    }
    taken = host;
  };
}

/** The host's name as browsers spell it, without port and final dot; null for what is no URL. */
function nameOf(url: string): string | null {
  return URL.parse(url)?.hostname.replace(/\.$/, "") ?? null;
}

function isOfThisMachine(name: string | null, own: string | null): boolean {
  if (name === null) return false;
  if (name === own || name === "localhost" || name.endsWith(".localhost")) return true;
  // The URL parser spells addresses in one way: `127.1` as 127.0.0.1, `[::ffff:127.0.0.1]` as below.
  return /^127(?:\.[0-9]+){3}$/.test(name) || name === "[::1]" || name.startsWith("[::ffff:7f");
}
