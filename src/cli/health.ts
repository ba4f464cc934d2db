// `breadbox health`: whether the server of this configuration can do its work, for the health checks of containers.
import { schemeOf } from "../config/tls.ts";
import { exitCode } from "./exitCode.ts";
import { complain, print } from "./print.ts";
import { loadFrom, type Options } from "./settingFlags.ts";

/** Container engines wait for 30 s by default. */
const patienceMs = 5_000;

/** Asks the server on this machine. @returns 0 only when it is ready. @throws ConfigError */
export async function checkHealth(options: Options): Promise<number> {
  const loaded = await loadFrom(options);
  const [{ asServed }, { urlOfListener }] = await Promise.all([
    import("../tool.ts"),
    import("../config/server.ts"),
  ]);
  const { config } = await asServed(loaded);
  const url = urlOfListener(config["http.listen"], schemeOf(config));
  if (url === null) {
    complain("error: http.listen takes any free port, so the server's port is not known.");
    return exitCode.failed;
  }
  try {
    const answer = await fetch(`${url}/readyz`, {
      signal: AbortSignal.timeout(patienceMs),
      // On this machine, by an address that is rarely the certificate's: whom clients trust is not asked here.
      tls: { rejectUnauthorized: false },
    });
    const text = (await answer.text()).trim();
    if (answer.ok) print(text);
    else complain(`${url} is not ready: ${text}`);
    return answer.ok ? exitCode.done : exitCode.failed;
  } catch (error) {
    complain(`${url} is not reached: ${error instanceof Error ? error.message : error}`);
    return exitCode.failed;
  }
}
