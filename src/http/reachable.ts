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
}

/** @returns the URL for clients on this machine, and those at which it can be reached at all. */
export function urlsOf(
  { host, port, isLoopback }: Listener,
  machine: readonly MachineAddress[],
): { readonly url: string; readonly addresses: readonly string[] } {
  const urlOf = (name: string): string =>
    `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
  return {
    url: urlOf(isLoopback || host === "" ? "localhost" : host),
    addresses: reachableHosts(host, machine).map(urlOf),
  };
}

function reachableHosts(host: string, machine: readonly MachineAddress[]): string[] {
  if (host !== "" && host !== "0.0.0.0" && host !== "::") return [host];
  const outside = machine.filter(
    ({ internal, address }) => !internal && !address.startsWith("fe80"),
  );
  return ["localhost", ...outside.map(({ address }) => address)];
}
