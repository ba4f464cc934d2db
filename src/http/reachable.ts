// Under which URLs clients reach a listener. Pure; apart from the server, which only knows what it listens on.

/** An address of the machine, as the operating system lists it. */
export interface MachineAddress {
  readonly address: string;
  /** True for what stays on the machine. */
  readonly internal: boolean;
}

/** The addresses a server listens on. */
export interface Listener {
  /** "" for every address of the machine. */
  readonly host: string;
  readonly port: number;
  readonly isLoopback: boolean;
  readonly scheme: "http" | "https";
  /** Names that clients are to use, because the certificate is for them; none when any will do. */
  readonly names: readonly string[];
}

/** @returns the URL for clients on this machine, and those at which it can be reached at all. */
export function urlsOf(
  { host, port, isLoopback, scheme, names }: Listener,
  machine: readonly MachineAddress[],
): { readonly url: string; readonly addresses: readonly string[] } {
  const urlOf = (name: string): string =>
    `${scheme}://${name.includes(":") ? `[${name}]` : name}:${port}`;
  const [first = isLoopback || host === "" ? "localhost" : host] = names;
  const hosts = names.length === 0 ? reachableHosts(host, machine) : names;
  return { url: urlOf(first), addresses: hosts.map(urlOf) };
}

function reachableHosts(host: string, machine: readonly MachineAddress[]): string[] {
  if (host !== "" && host !== "0.0.0.0" && host !== "::") return [host];
  const outside = machine.filter(
    ({ internal, address }) => !internal && !address.startsWith("fe80"),
  );
  return ["localhost", ...outside.map(({ address }) => address)];
}
