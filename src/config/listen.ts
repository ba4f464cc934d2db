// Listen addresses: `host:port` and its short forms.
import { isIPv4, isIPv6 } from "node:net";
import { type Kind, ValueError } from "./values.ts";

/** Where to listen. `host` has no brackets; an empty one means every address of this machine. Port 0: any free port. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const examples = "Examples: 127.0.0.1:5000, :5000 (every address), [::1]:5000.";
const hostName =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i;

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new ValueError(`has no valid port (0 to 65535). ${examples}`);
  return port;
}

function parseHost(text: string): string {
  const [, inner] = /^\[(.*)\]$/.exec(text) ?? [];
  if (inner !== undefined && isIPv6(inner)) return inner;
  if (text.includes(":")) {
    throw new ValueError(`has an IPv6 address without brackets, or a wrong one. ${examples}`);
  }
  const isNumeric = /^[\d.]+$/.test(text);
  if (text === "" || (isNumeric ? isIPv4(text) : hostName.test(text))) return text;
  throw new ValueError(`has no valid host name or address. ${examples}`);
}

/** `host:port`, `:port` (every address), `[::1]:port`, or a bare port, which stays on this machine. */
export const listenAddress: Kind<ListenAddress> = {
  parse(text) {
    if (text.includes("://")) throw new ValueError(`is a URL; leave out the scheme. ${examples}`);
    if (/^\d+$/.test(text)) return { host: "127.0.0.1", port: parsePort(text) };
    const colon = text.lastIndexOf(":");
    if (colon < 0 || text.endsWith("]")) throw new ValueError(`has no port. ${examples}`);
    return { host: parseHost(text.slice(0, colon)), port: parsePort(text.slice(colon + 1)) };
  },
  show: showListenAddress,
};

/** `host:port`, with brackets round an IPv6 address. */
export function showListenAddress({ host, port }: ListenAddress): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** `::1`, and 127.0.0.0/8 written as IPv6, in the one spelling that URLs have. */
const loopbackV6 = /^\[::(?:1|ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4})\]$/;

/** Whether only programs on this machine can connect. */
export function isLoopback({ host }: ListenAddress): boolean {
  const name = host.toLowerCase();
  if (isIPv4(name)) return name.startsWith("127.");
  if (isIPv6(name)) return loopbackV6.test(new URL(`http://[${name}]/`).hostname);
  return name === "localhost" || name.endsWith(".localhost");
}
