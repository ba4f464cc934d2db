// The names and addresses that a certificate of our own is for. Pure.
import { isIP, isIPv6 } from "node:net";

/** What is known of the machine and its server. */
export interface Surroundings {
  /** The machine's own name. */
  readonly hostName: string;
  /** Every address of its interfaces. */
  readonly addresses: readonly string[];
  /** Host of the listener; "" for every address. */
  readonly listenHost: string;
  /** URL that clients use; "" when it is not known. */
  readonly url: string;
  /** Names and addresses that the operator added. */
  readonly further: readonly string[];
}

/** More would make a certificate that some clients refuse. */
const mostNames = 100;
const dnsName =
  /^(?=.{1,253}$)(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** @returns names and addresses without repetitions, those of the configuration first. */
export function hostNames(about: Surroundings): string[] {
  const { hostName, addresses, listenHost, url, further } = about;
  const bare = hostName.toLowerCase().replace(/\.$/, "");
  const wanted = [
    ...further,
    URL.parse(url)?.hostname ?? "",
    ...(isEveryAddress(listenHost) ? [] : [listenHost]),
    bare,
    // Multicast DNS, as Avahi and macOS answer it.
    ...(bare === "" || bare.includes(".") ? [] : [`${bare}.local`]),
    "localhost",
    "127.0.0.1",
    "::1",
    ...addresses.filter((address) => !isLinkLocal(address)),
  ];
  const names = wanted.map(canonical).filter((name) => isIP(name) !== 0 || dnsName.test(name));
  return [...new Set(names)].slice(0, mostNames);
}

/** One spelling for each address: `[FD00::0:1]` → `fd00::1`. */
export function canonical(name: string): string {
  const bare = name.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  if (!isIPv6(bare)) return bare;
  return URL.parse(`http://[${bare}]/`)?.hostname.slice(1, -1) ?? bare;
}

/** @returns what of `wanted` a certificate for `present` is not for. */
export function missingNames(wanted: readonly string[], present: readonly string[]): string[] {
  const known = new Set(present.map(canonical));
  return wanted.filter((name) => !known.has(name));
}

const isEveryAddress = (host: string): boolean => host === "0.0.0.0" || host === "::";

/** Such an address means nothing without the interface that it belongs to. */
const isLinkLocal = (address: string): boolean => /^fe[89ab][0-9a-f]:/i.test(address);
