// A running server's settings, written to its data directory for commands: they see neither the variables of its unit or compose file nor
// its options, and must not judge by other ages than it promised. No secrets: only the settings below.
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LoadedConfig } from "./load.ts";
import { type Config, type SettingKey, settingOf } from "./settings.ts";
import { showOrigin } from "./show.ts";
import { ValueError } from "./values.ts";

/** Settings that commands share with the server. */
const shared = [
  "gc.minAge",
  "gc.brake",
  "gc.restoreGrace",
  "gc.untagged.enabled",
  "gc.untagged.olderThan",
  "storage.uploadTimeout",
  "storage.multipart.maxUploadTtlSeconds",
  "jobs.cleanup.gracePeriodSeconds",
  "http.listen",
  "http.url",
  "http.tls.selfSigned",
  "http.tls.certificate",
  "http.tls.key",
  "http.tls.acme.hosts",
  "auth.mode",
  "auth.htpasswd",
  "auth.htpasswdRights",
  "webhooks",
] as const satisfies readonly SettingKey[];

/** The file's contents. */
export interface Served {
  /** Its process, as `nameProcess` names it. */
  readonly process: string;
  /** Texts by setting. */
  readonly settings: ReadonlyMap<string, string>;
}

const fileOf = (directory: string): string => join(directory, "settings.json");
const newFileOf = (directory: string): string => `${fileOf(directory)}.new`;

/** Writes the file, whole or not at all. Call it while the data directory is held. @throws what the disk answers. */
export function writeServed(config: Config, process: string): void {
  const { data } = config;
  const settings = Object.fromEntries(shared.map((key) => [key, textOf(config, key)]));
  writeFileSync(newFileOf(data), `${JSON.stringify({ process, settings }, null, 2)}\n`, {
    mode: 0o600,
  });
  // One that a crash left keeps its mode when it is written again.
  chmodSync(newFileOf(data), 0o600);
  renameSync(newFileOf(data), fileOf(data));
}

/** Removes the file: settings of an ended server would mislead. */
export function removeServed(directory: string): void {
  rmSync(newFileOf(directory), { force: true });
  rmSync(fileOf(directory), { force: true });
}

/** @returns null when there is none that can be read. */
export function readServed(directory: string): Served | null {
  try {
    const read: unknown = JSON.parse(readFileSync(fileOf(directory), "utf8"));
    if (!isRecord(read) || typeof read["process"] !== "string") return null;
    const settings = isRecord(read["settings"]) ? Object.entries(read["settings"]) : [];
    return {
      process: read["process"],
      settings: new Map(settings.map(([key, value]) => [key, String(value)])),
    };
  } catch {
    return null;
  }
}

/** A configuration with the server's values, and notices for a user who set other ones. */
export interface AdoptedConfig {
  readonly config: Config;
  readonly notes: readonly string[];
}

/** The server's values replace those of the command's environment and file, and of its defaults. */
export function adoptServed(
  { config, origins }: LoadedConfig,
  { settings }: Served,
): AdoptedConfig {
  const notes: string[] = [];
  const values = new Map<string, unknown>(Object.entries(config));
  for (const key of shared) {
    const text = settings.get(key);
    const own = textOf(config, key);
    if (text === undefined || text === own || !isReadable(key, text)) continue;
    values.set(key, settingOf(key).kind.parse(text));
    const origin = origins[key];
    if (origin.source === "default") continue;
    notes.push(
      `the running server uses ${key} ${text}, ${showOrigin(origin)} of this command says ${own}: using the server's`,
    );
  }
  // The table's parsers made these values, so their types are those of the table.
  return { config: Object.fromEntries(values) as Config, notes };
}

const textOf = (config: Config, key: SettingKey): string =>
  String(settingOf(key).kind.show(config[key]));

/** A server of another version may know values that this one does not. */
function isReadable(key: SettingKey, text: string): boolean {
  try {
    settingOf(key).kind.parse(text);
    return true;
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    return false;
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
