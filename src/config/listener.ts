// The listener, in a few facts for a status.
import { isLoopback } from "./listen.ts";
import type { Config } from "./settings.ts";
import { settingOf } from "./settings.ts";
import { schemeOf } from "./tls.ts";

/** Where the server listens. */
export function listenerOf(config: Config) {
  const listen = config["http.listen"];
  return {
    listen: String(settingOf("http.listen").kind.show(listen)),
    scheme: schemeOf(config),
    isLoopback: isLoopback(listen),
  };
}
