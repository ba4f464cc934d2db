// The output on a terminal when the server is ready. Only lines that are true; facts in, text out.

import { showBytes } from "../amounts.ts";
import { isLoopback } from "../config/listen.ts";
import type { LoadedConfig, Origin } from "../config/load.ts";
import { showOrigin } from "../config/show.ts";
import { schemeOf, tlsMode } from "../config/tls.ts";
import { version } from "../version.ts";

/** The facts of the banner. */
export interface BannerFacts {
  readonly loaded: LoadedConfig;
  /** Every URL at which the server can be reached, the best one first. */
  readonly urls: readonly string[];
  /** From the start of the process until it answered, in ms. */
  readonly readyMs: number;
  /** Whether anybody has to log in, and could. */
  readonly door: "open" | "empty" | "closed";
  /** Creates the first administrator in a browser; null for none. */
  readonly setupLink: string | null;
  /** Bytes free in the data directory; null when it cannot be known. */
  readonly free: number | null;
}

const COLUMN = 12;
const WIDTH = 52;

const line = (name: string, text: string): string => `  ${name.padEnd(COLUMN)}${text}`;

/** The banner, an empty line before and after it. */
export function banner(facts: BannerFacts): string {
  const { loaded, readyMs } = facts;
  const ready = `ready in ${Math.round(readyMs)} ms`;
  const lines = [
    `  ${`Breadbox ${version}`.padEnd(WIDTH)}${ready}`,
    "",
    ...addressLines(facts),
    line("Data", dataText(facts)),
    line("Config", configText(loaded)),
    "",
    ...warnings(facts),
    "  Ctrl+C stops after running transfers finish.",
  ];
  return ["", ...lines, ""].join("\n");
}

function addressLines({ loaded, urls }: BannerFacts): string[] {
  const [best = "", ...others] = urls;
  return [
    line("Registry", best),
    ...others.map((url) => line("", url)),
    line("Push", `docker push ${hostOf(best)}/…`),
    line("Pages", `${best}/`),
    ...(tlsMode(loaded.config) === "self-signed"
      ? [line("Clients", `trust this server after: breadbox trust-ca ${hostOf(others[0] ?? best)}`)]
      : []),
    ...(loaded.config["swagger.enabled"] ? [line("Explorer", `${best}/swagger`)] : []),
  ];
}

const hostOf = (url: string): string => url.replace(/^https?:\/\//, "");

function dataText({ loaded, free }: BannerFacts): string {
  const { data } = loaded.config;
  return free === null ? data : `${data} (${showBytes(free)} free)`;
}

/** The file that was read and what else had a say. */
function configText({ file, origins }: LoadedConfig): string {
  const given: Origin[] = Object.values(origins);
  const outside = given.filter(({ source }) => source === "environment" || source === "flag");
  const parts = [...(file === null ? [] : [file]), ...outside.map(showOrigin)];
  return parts.length === 0 ? "built-in defaults" : `set by ${parts.join(", ")}`;
}

/** Facts about who gets in that an operator should know, a sentence or two each: they are logged, too. */
export function openWarnings(
  { config }: Pick<LoadedConfig, "config">,
  { door, setupLink }: Pick<BannerFacts, "door" | "setupLink">,
): readonly string[] {
  const isLocal = isLoopback(config["http.listen"]);
  const warnings: string[] = [];
  if (door === "empty") {
    warnings.push(
      `Nobody can log in yet, and every request is answered with 401. To add an administrator: breadbox user add admin --admin --data ${config.data}`,
    );
  }
  if (setupLink !== null) {
    warnings.push(`Or create it in a browser, within 30 minutes: ${setupLink}`);
  }
  if (door === "open" && (!isLocal || config["auth.mode"] === "none")) {
    warnings.push(
      "No login (auth.mode: none): anyone who can reach this address can push and delete.",
    );
  }
  if (door === "open" && isLocal && config["http.url"] !== "" && config["auth.mode"] !== "none") {
    warnings.push(
      `No login yet: anyone whom the proxy of ${config["http.url"]} lets in can push and delete. To ask for logins: breadbox user add admin --admin --data ${config.data}`,
    );
  }
  if (isLocal || schemeOf(config) === "https") return warnings;
  return [
    ...warnings,
    'Plain HTTP: Docker accepts it for localhost only. Encrypt with `breadbox serve --tls self-signed`, put a proxy with TLS in front, or list this address under "insecure-registries" in every Docker\'s daemon.json.',
  ];
}

/** Longest line of a warning, without its mark: 80 columns with it. */
const widest = 76;

/** A warning in lines; what is typed or opened is a line of its own, so that it can be copied. */
function wrapped(text: string): string[] {
  const [, sentence = text, command] = /^(.*:) (breadbox .*|https?:.*)$/.exec(text) ?? [];
  const lines = [""];
  for (const word of sentence.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last.length + word.length < widest) lines[lines.length - 1] = `${last} ${word}`.trim();
    else lines.push(word);
  }
  if (command !== undefined) lines.push(`  ${command}`);
  return lines.map((line, index) => `  ${index === 0 ? "!" : " "} ${line}`);
}

function warnings(facts: BannerFacts): string[] {
  const { loaded } = facts;
  const { notices } = loaded;
  const lines = [
    ...openWarnings(loaded, facts).flatMap(wrapped),
    ...notices.map(({ level, message }) => `  ${level === "warn" ? "!" : "-"} ${message}`),
  ];
  return lines.length === 0 ? [] : [...lines, ""];
}
