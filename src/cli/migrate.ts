// `breadbox migrate`: from a data directory to PostgreSQL, in pages, while a server is running or without one.
import { storeOf, storeWith } from "../config/store.ts";
import { ValueError } from "../config/values.ts";
import type { MigrateProgress } from "../migrate/report.ts";
import { exitCode } from "./exitCode.ts";
import { explainTool } from "./failure.ts";
import { migrateText } from "./migrateText.ts";
import { complain, print, printJson } from "./print.ts";
import { ProgressBar } from "./progressBar.ts";
import { loadFrom, type Options, textOf } from "./settingFlags.ts";

/** Migrates, or says what would be. @returns 0 when everything asked for was done. @throws ConfigError */
export async function migrateStore(options: Options): Promise<number> {
  const databaseUrl = await urlOf(options);
  if (databaseUrl === null) return misused("name one place: --to-db URL, or --to-db-file FILE");
  const loaded = await loadFrom(options);
  const { asServed } = await import("../tool.ts");
  const { config, notes } = await asServed(loaded);
  for (const note of notes) complain(`Note: ${note}`);
  const bar = new ProgressBar();
  try {
    const { runMigrate } = await import("../migrating.ts");
    const report = await runMigrate({
      from: storeOf(config),
      to: storeWith(config, { databaseUrl }),
      request: { dryRun: options["dryRun"] === true },
      onProgress: (progress: MigrateProgress) => bar.show(progress),
    });
    bar.clear();
    if (options["json"] === true) printJson(report);
    else print(migrateText(report));
    return exitCode.done;
  } catch (error) {
    bar.clear();
    if (error instanceof ValueError) return misused(`--to-db ${error.message}`);
    const { message, code } = explainTool(error, config);
    complain(message);
    return code;
  }
}

function misused(message: string): number {
  complain(`error: ${message}\nRun "breadbox migrate --help" for usage.`);
  return exitCode.badUsage;
}

/** The URL holds a password: in a file, other users of the machine do not see it. */
async function urlOf(options: Options): Promise<string | null> {
  const [url, file] = [textOf(options, "toDb"), textOf(options, "toDbFile")];
  if ((url === undefined) === (file === undefined)) return null;
  return url ?? (await Bun.file(file ?? "").text()).trim();
}
