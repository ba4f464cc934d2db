// `breadbox backup`: makes, lists and checks backups.
import type { Config } from "../config/settings.ts";
import { storeOf } from "../config/store.ts";
import { duration } from "../config/values.ts";
import { type KeepRule, readKeepRule } from "../model/keepRule.ts";
import { plainLines } from "../plainText.ts";
import { backupText, listText, verifyText } from "./backupText.ts";
import { exitCode } from "./exitCode.ts";
import { explainTool } from "./failure.ts";
import { complain, print, printJson } from "./print.ts";
import { ProgressBar } from "./progressBar.ts";
import { loadFrom, type Options, textOf } from "./settingFlags.ts";

/** Makes a backup. @returns 0 only when it is complete. @throws ConfigError */
export async function backUpStore(target: string | undefined, options: Options): Promise<number> {
  if (target === undefined)
    return misused(
      "backup",
      "name a directory, or a bucket of another Breadbox: breadbox backup TARGET",
    );
  const rule = textOf(options, "keep");
  const keep: KeepRule | null = rule === undefined ? null : readKeepRule(rule);
  if (rule !== undefined && keep === null) {
    return misused("backup", `--keep: ${JSON.stringify(rule)} is no rule such as 7d,4w,12m`);
  }
  const patience = readPatience(options);
  if (patience === null) return misused("backup", retryHelp);
  const loaded = await loadFrom(options);
  const { asServed } = await import("../tool.ts");
  const { config, notes } = await asServed(loaded);
  for (const note of notes) complain(`Note: ${note}`);
  return guarded(config, async (bar) => {
    const { runBackup } = await import("../backingUp.ts");
    const { signal, code, end } = stopping();
    try {
      const named = { target, copies: options["copy"] === true, ...patience, say: sayer(bar) };
      const order = { keep, signal, ...named };
      const onProgress = bar.show.bind(bar);
      const report = await runBackup(storeOf(config), { ...order, onProgress });
      bar.clear();
      if (options["json"] === true) printJson(report);
      else print(backupText(report));
      return report.lost.length === 0 && report.pruned?.refused == null
        ? exitCode.done
        : exitCode.failed;
    } catch (error) {
      if (!signal.aborted) throw error;
      bar.clear();
      complain("Stopped. Run the same command again: it continues where it was stopped.");
      return code();
    } finally {
      end();
    }
  });
}

/** Lists the backups of a target. @throws ConfigError */
export async function listTarget(target: string, options: Options): Promise<number> {
  const patience = readPatience(options);
  if (patience === null) return misused("backup list", retryHelp);
  return guarded(null, async (bar) => {
    const { listBackups } = await import("../backingUp.ts");
    const named = { target, copies: false, ...patience, say: sayer(bar) };
    const { whole, unreadable } = await listBackups(named);
    if (options["json"] === true) printJson(whole);
    else print(listText(whole));
    for (const { reason } of unreadable) complain(reason);
    return unreadable.length === 0 ? exitCode.done : exitCode.failed;
  });
}

/** Reads everything in a target. @returns 0 only when all of it is right. @throws ConfigError */
export async function verifyTarget(target: string, options: Options): Promise<number> {
  const patience = readPatience(options);
  if (patience === null) return misused("backup verify", retryHelp);
  return guarded(null, async (bar) => {
    const { checkBackups } = await import("../backingUp.ts");
    const named = { target, copies: false, ...patience, say: sayer(bar) };
    const report = await checkBackups(named, bar.show.bind(bar));
    bar.clear();
    if (options["json"] === true) printJson(report);
    else print(verifyText(report));
    const isRight = report.backups.every(({ problems }) => problems.length === 0);
    return isRight && report.damaged.length === 0 ? exitCode.done : exitCode.failed;
  });
}

/** Runs `work`, and explains a failure. @param config null: no data directory is used. */
export async function guarded(
  config: Config | null,
  work: (bar: ProgressBar) => Promise<number>,
): Promise<number> {
  const bar = new ProgressBar();
  try {
    return await work(bar);
  } catch (error) {
    bar.clear();
    const { message, code } = explainTool(error, { data: config?.data ?? "the target" });
    complain(message);
    return code;
  }
}

/** What is wrong with --retry-for. */
export const retryHelp = "--retry-for takes a time such as 90s, 10m or 24h";

/** How long requests to a bucket's server may fail; null when --retry-for is no time. */
export function readPatience(options: Options): { readonly retryForMs?: number } | null {
  const text = textOf(options, "retryFor");
  if (text === undefined) return {};
  try {
    return { retryForMs: duration("0", "3650d").parse(text) };
  } catch {
    return null;
  }
}

/** One line on standard error, above the progress bar. */
export const sayer =
  (bar: ProgressBar) =>
  (text: string): void => {
    bar.clear();
    process.stderr.write(`${plainLines(text)}\n`);
  };

/** Ends with usage. */
export function misused(command: string, message: string): number {
  complain(`error: ${message}\nRun "breadbox ${command} --help" for usage.`);
  return exitCode.badUsage;
}

const codes = { SIGINT: 130, SIGTERM: 143 } as const;

/** The first Ctrl+C or SIGTERM ends the backup between two contents, and gives its locks up. */
function stopping() {
  const controller = new AbortController();
  let code: number = exitCode.failed;
  const stop = (signal: keyof typeof codes): void => {
    code = codes[signal];
    controller.abort();
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.once(signal, stop);
  const end = (): void => {
    for (const signal of signals) process.off(signal, stop);
  };
  return { signal: controller.signal, code: () => code, end };
}
