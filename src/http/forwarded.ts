// What a proxy says of the client that it serves: `X-Forwarded-For`, `-Proto` and `-Host`. Any client can send these headers, so only
// those of listed proxies count. Pure.
import { BlockList, isIP } from "node:net";
import { isHost } from "./host.ts";

/** True for the address of a proxy whose headers count. */
export type IsProxy = (address: string) => boolean;

/** An address, or all addresses whose first `bits` are the same. */
export interface Network {
  readonly address: string;
  readonly bits: number;
}

/** Whether an address is in one of the networks. @returns null for no networks. */
export function makeIsWithin(networks: readonly Network[]): ((address: string) => boolean) | null {
  if (networks.length === 0) return null;
  const list = new BlockList();
  for (const { address, bits } of networks) list.addSubnet(address, bits, familyOf(address));
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address));
}

const familyOf = (address: string): "ipv4" | "ipv6" => (isIP(address) === 6 ? "ipv6" : "ipv4");

/**
 * The client's address. Each proxy adds the address that it was called from at the end: read from there, the first that is no proxy is the client.
 * What stands before it, the client may have written.
 * @param peer the other end of the connection.
 */
export function clientAddress(peer: string, forwardedFor: string | null, isProxy: IsProxy): string {
  let client = peer;
  for (const text of (forwardedFor ?? "").split(",").reverse()) {
    if (!isProxy(client)) break;
    const before = readAddress(text.trim());
    if (before === null) break;
    client = before;
  }
  return client;
}

/** An address, perhaps with a port: `192.0.2.1`, `192.0.2.1:50000`, `2001:db8::1`, `[2001:db8::1]:50000`. */
function readAddress(text: string): string | null {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? text.replace(/^([\d.]+):\d+$/, "$1");
  return isIP(bare) === 0 ? null : plainAddress(bare);
}

/** An IPv4 address always as IPv4. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=[0-9.]+$)/i, "");
}

/** The origin that the client called, such as `https://registry.example.com`. The first proxy writes first. */
export function clientOrigin(headers: Headers, own: string): string {
  const { protocol, host } = new URL(own);
  const proto = first(headers.get("x-forwarded-proto"));
  const scheme = proto === "https" || proto === "http" ? proto : protocol.slice(0, -1);
  const name = first(headers.get("x-forwarded-host"));
  return `${scheme}://${isHost(name) ? name : host}`;
}

const first = (text: string | null): string =>
  (text ?? "").split(",", 1).join("").trim().toLowerCase();
