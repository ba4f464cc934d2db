// `breadbox restore`: a backup becomes a data directory.
import { storeOf } from "../config/store.ts";
import { guarded, misused, readPatience, retryHelp, sayer } from "./backup.ts";
import { restoreText } from "./backupText.ts";
import { exitCode } from "./exitCode.ts";
import { fsckText } from "./fsckText.ts";
import { print, printJson } from "./print.ts";
import { loadFrom, type Options, textOf } from "./settingFlags.ts";

/** Restores. @returns 0 only when everything is there. @throws ConfigError */
export async function restoreStore(target: string, options: Options): Promise<number> {
  const given = (name: string): boolean => options[name] === true;
  const asOf = readMoment(textOf(options, "asOf"));
  if (asOf === undefined) {
    return misused("restore", "--as-of takes a time such as 2026-01-31T14:05Z, or a backup's id");
  }
  const patience = readPatience(options);
  if (patience === null) return misused("restore", retryHelp);
  const { config } = await loadFrom(options);
  return guarded(config, async (bar) => {
    const { runRestore } = await import("../backingUp.ts");
    const report = await runRestore(storeOf(config), {
      ...{ target, copies: false, ...patience, say: sayer(bar) },
      ...{ asOf, acceptsDamage: given("acceptDamage") },
      onProgress: bar.show.bind(bar),
    });
    bar.clear();
    if (given("json")) printJson(report);
    else print(restoreText(report, config.data));
    if (!given("verify")) return exitCode.done;
    const { openTool } = await import("../tool.ts");
    const tool = await openTool(config);
    try {
      const request = { full: true, repair: false, forgetLost: false };
      const { report: found } = await tool.fsck(request, ({ done, total }) =>
        bar.show({ label: "reading", unit: "bytes", done, total }),
      );
      bar.clear();
      if (!given("json")) print(fsckText(found, request));
      return found.clean ? exitCode.done : exitCode.failed;
    } finally {
      await tool.close();
    }
  });
}

const idForm = /^\d{8}T\d{6}Z\.\d+$/;
const timeForm = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)?$/;

/** A day means its end, and a time without a zone is UTC. @returns Unix ms, or an id; undefined for another text. */
function readMoment(text: string | undefined): number | string | null | undefined {
  if (text === undefined) return null;
  if (idForm.test(text)) return text;
  if (!timeForm.test(text)) return undefined;
  const isDay = text.length === 10;
  const hasZone = /(?:Z|[+-]\d{2}:\d{2})$/.test(text.slice(10));
  const time = Date.parse(isDay ? `${text}T23:59:59.999Z` : hasZone ? text : `${text}Z`);
  return Number.isNaN(time) ? undefined : time;
}
