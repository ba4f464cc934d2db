// The commands about the server itself: names, options and help. Apart from program.ts, because they are many.

import type { Command } from "commander";
import { examples, type RunAction } from "./commandParts.ts";
import { addDataFlags, addSettingFlags, type Options } from "./settingFlags.ts";

/** Adds `serve` to the program. */
export function addServe(program: Command, run: RunAction): void {
  addSettingFlags(program.command("serve"))
    .summary("start the server")
    .description(
      "Starts the server. Configuration is optional; `breadbox config docs` lists every setting.",
    )
    .addHelpText(
      "after",
      examples(
        "breadbox serve",
        "breadbox serve -d /srv/breadbox -l :5000 -c /etc/breadbox/breadbox.yml",
      ),
    )
    .action(async (options: Options) => run((await import("./serve.ts")).serve(options)));
}

/** Adds `health` to the program. */
export function addHealth(program: Command, run: RunAction): void {
  addDataFlags(program.command("health"))
    .summary("ask whether the server on this machine is ready")
    .description(
      "Asks the server that runs on the data directory whether it is ready; where none does, the server that this configuration describes. Exits with 0 only when it is: for the health checks of containers.",
    )
    .addHelpText("after", examples("breadbox health", "breadbox health --data /srv/breadbox"))
    .action(async (options: Options) => run((await import("./health.ts")).checkHealth(options)));
}

/** Adds `service` to the program. */
export function addService(program: Command, run: RunAction): void {
  const service = program
    .command("service")
    .summary("run the server under systemd")
    .description(
      "Prints or installs a systemd unit for the server, with the options of `breadbox serve`. The unit runs as the user breadbox, keeps the data in /var/lib/breadbox, and takes from the server what a registry never needs.",
    )
    .addHelpText(
      "after",
      examples("breadbox service print", "breadbox service install --listen :5000"),
    );
  addSettingFlags(service.command("print"))
    .summary("print the unit")
    .description("Prints the unit. Changes nothing.")
    .addHelpText(
      "after",
      examples("breadbox service print", "breadbox service print --listen :443 --tls self-signed"),
    )
    .action(async (options: Options) => run((await import("./service.ts")).printService(options)));
  addSettingFlags(service.command("install"))
    .summary("install the unit and start the server")
    .description(
      "Writes the unit to /etc/systemd/system, makes the user breadbox, starts the server now and at every boot. A unit that is there already and differs is left alone.",
    )
    .addHelpText(
      "after",
      examples(
        "breadbox service install",
        "breadbox service install --listen :5000 --tls self-signed",
      ),
    )
    .action(async (options: Options) =>
      run((await import("./service.ts")).installService(options)),
    );
}

/** Adds `trust-ca` to the program. */
export function addTrustCa(program: Command, run: RunAction): void {
  addDataFlags(program.command("trust-ca [HOST]"))
    .summary("show how clients come to trust a self-signed server")
    .description(
      "Prints what to type so that Docker, Podman, containerd, k3s, BuildKit and other clients trust the CA of a server with `--tls self-signed`. Changes nothing. HOST is the server as clients write it; without a port it has that of http.listen. On the server's machine the CA is read from the data directory, elsewhere it is downloaded from the server.",
    )
    .addHelpText(
      "after",
      examples(
        "breadbox trust-ca nas.lan",
        "breadbox trust-ca registry.lan:443 --data /srv/breadbox",
      ),
    )
    .action(async (host: string | undefined, options: Options) =>
      run((await import("./trustCa.ts")).trustCa(host, options)),
    );
}
