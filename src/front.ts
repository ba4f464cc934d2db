// The HTTP server's options from the configuration, and its reachable addresses.
import { hostname, networkInterfaces } from "node:os";
import { newId, readUnread } from "./ambient.ts";
import { isLoopback } from "./config/listen.ts";
import type { Config } from "./config/settings.ts";
import { schemeOf } from "./config/tls.ts";
import { countingIds } from "./http/observe.ts";
import { urlsOf } from "./http/reachable.ts";
import type { HttpOptions, HttpServer } from "./http/server.ts";
import type { Log } from "./telemetry/log.ts";

/** Everything but what only the assembly has opened. */
export function httpSettings(
  config: Config,
): Omit<HttpOptions, "backend" | "openGate" | "tls" | "authority" | "ownNames" | "setup"> {
  return {
    listen: { hostname: config["http.listen"].host, port: config["http.listen"].port },
    oldestTls: config["http.tls.minVersion"],
    hosts: { loopbackOnly: isLoopback(config["http.listen"]), url: config["http.url"] },
    proxies: config["http.trustedProxies"],
    redirected: config["storage.s3.redirectNetworks"],
    maxBodyBytes: config["http.maxBody"],
    chunkMinBytes: config["registry.chunkMinSize"],
    pace: { now: () => performance.now(), minBytesPerSecond: config["http.minUploadRate"] },
    switches: {
      delete: config["registry.delete"],
      readOnly: config["registry.readOnly"],
      multipart: config["storage.multipart.enabled"],
    },
    metrics: config["metrics.enabled"],
    explorer: config["swagger.enabled"],
    newRequestId: countingIds(newId().slice(-12)),
    readUnread,
  };
}

/** What this machine calls itself, and what its certificate is for. @param certified asked each time: certificates are replaced. */
export function ownNames(certified: () => readonly string[]): () => readonly string[] {
  return () => {
    const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
    return [hostname(), ...addresses.map(({ address }) => address), ...certified()];
  };
}

/** What only the assembly knows. */
interface Known {
  readonly log: Log;
  /** What the certificate is for; null when it is for this machine, or when there is none. */
  readonly names: readonly string[] | null;
}

/** Its addresses on this machine, and the facts a wired server reports. */
export function describeServer(config: Config, http: HttpServer, { log, names }: Known) {
  const { host } = config["http.listen"];
  const listener = {
    ...{ host, port: http.port, isLoopback: isLoopback(config["http.listen"]) },
    ...{ scheme: schemeOf(config), names: (names ?? []).filter((name) => !name.startsWith("*")) },
  };
  const machine = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  return {
    ...urlsOf(listener, machine),
    readyMs: performance.now(),
    log,
    transfers: () => http.running(),
  };
}

/** What a link begins with that people follow from another machine. */
export function linkBase(
  config: Config,
  { url, addresses }: { readonly url: string; readonly addresses: readonly string[] },
): string {
  const named = config["http.url"];
  const outside = addresses.find((address) => !address.includes("//localhost:"));
  return named || (outside ?? url);
}
