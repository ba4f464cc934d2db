// The Host header: one, and nothing but host[:port]. Bun hands over a relative URL for others, and two of them joined by a comma.
import { RegistryError } from "../errors.ts";

/** Names with letters, digits, `-`, `_` and dots, IPv4, or an IPv6 literal in brackets; then perhaps a port. */
const grammar =
  /^(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]*)(?:\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$/;
/** 253 characters of a name, a final dot, a colon and a port. */
const longestHost = 260;

/** True when `host` is exactly one well-formed host[:port]. */
export function isHost(host: string | null): host is string {
  return host !== null && host.length <= longestHost && grammar.test(host);
}

/** @throws RegistryError HOST_INVALID */
export function assertHost(headers: Headers): void {
  if (!isHost(headers.get("host"))) throw new RegistryError("HOST_INVALID");
}
