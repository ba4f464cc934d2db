// `breadbox service`: the server as a unit of systemd, printed or put in place.

import type { Config } from "../config/settings.ts";
import { tlsMode } from "../config/tls.ts";
import { exitCode } from "./exitCode.ts";
import { complain, print } from "./print.ts";
import { refuse } from "./refuse.ts";
import {
  placeOf,
  planObjection,
  type ServicePlan,
  serviceName,
  stateDirectory,
  unitPath,
  unitText,
  userPath,
  userText,
} from "./serviceUnit.ts";
import { givenFlags, loadFrom, type Options, textOf } from "./settingFlags.ts";

/** False when Bun runs the sources. */
const isCompiled = import.meta.path.startsWith("/$bunfs/");

/** Prints the unit. @throws ConfigError */
export async function printService(options: Options): Promise<number> {
  const plan = await planOf(options);
  if (plan === null) return exitCode.badUsage;
  print(unitText(plan).trimEnd());
  return exitCode.done;
}

/** Writes unit and user, makes the directory, and starts the server. @throws ConfigError */
export async function installService(options: Options): Promise<number> {
  const plan = await planOf(options);
  if (plan === null) return exitCode.badUsage;
  if (!(await Bun.file(plan.executable).exists())) {
    const copy = `sudo install ${process.execPath} ${plan.executable}`;
    return refuse(
      `The unit hides this folder from its program. Copy the executable first: ${copy}`,
    );
  }
  if (process.getuid?.() !== 0) return refuse("Only root may install a service: use sudo.");
  if (Bun.which("systemctl") === null) return refuse("There is no systemd on this machine.");
  const text = unitText(plan);
  if (!(await mayReplace(text))) {
    return refuse(
      `${unitPath} is there already and differs. Compare it with \`breadbox service print\`, then move it away.`,
    );
  }
  await Bun.write(userPath, userText);
  await Bun.write(unitPath, text);
  const owner = ["-o", serviceName, "-g", serviceName, "-m", "0700"];
  const steps = [
    ["systemd-sysusers", userPath],
    ["install", "-d", ...owner, plan.data],
    ["systemctl", "daemon-reload"],
    ["systemctl", "enable", "--now", serviceName],
  ];
  for (const step of steps) {
    if (!(await works(step))) return refuse(`This failed: ${step.join(" ")}`);
  }
  print(`Installed ${unitPath}, and started. What to do next is in: journalctl -u ${serviceName}`);
  return exitCode.done;
}

/** @returns null when something is wrong, which is printed. @throws ConfigError */
async function planOf(options: Options): Promise<ServicePlan | null> {
  const file = textOf(options, "config");
  const { config } = await loadFrom(options);
  const plan: ServicePlan = {
    executable: placeOf(isCompiled ? process.execPath : ""),
    data: textOf(options, "data") ?? stateDirectory,
    options: [...givenFlags(options), ...(file === undefined ? [] : ["--config", file])],
    hasLowPort: portsOf(config).some((port) => port > 0 && port < 1024),
  };
  const objection = planObjection(plan);
  if (objection !== null) complain(`error: ${objection}`);
  return objection === null ? plan : null;
}

/** That of the registry, and the one that a CA asks. */
function portsOf(config: Config): readonly number[] {
  const { port } = config["http.listen"];
  return tlsMode(config) === "acme" ? [port, config["http.tls.acme.listen"].port] : [port];
}

async function mayReplace(text: string): Promise<boolean> {
  const file = Bun.file(unitPath);
  return !(await file.exists()) || (await file.text()) === text;
}

async function works(command: readonly string[]): Promise<boolean> {
  const child = Bun.spawn([...command], { stdio: ["ignore", "inherit", "inherit"] });
  return (await child.exited) === 0;
}
