// `breadbox migrate`: the store moves to another database, bucket or directory.
import { type NamedPlaces, otherStore } from "../config/otherStore.ts";
import { storeOf } from "../config/store.ts";
import { ValueError } from "../config/values.ts";
import type { MigrateReport, MigrateRequest } from "../migrate/report.ts";
import { exitCode } from "./exitCode.ts";
import { explainTool } from "./failure.ts";
import { migrateText } from "./migrateText.ts";
import { complain, print, printJson } from "./print.ts";
import { ProgressBar } from "./progressBar.ts";
import { loadFrom, type Options, textOf } from "./settingFlags.ts";

/** Migrates, or says what would be. @returns 0 when everything that was asked for was done. @throws ConfigError */
export async function migrateStore(options: Options): Promise<number> {
  const mistake = mistakeIn(options);
  if (mistake !== null) return misused(mistake);
  const given = (name: string): boolean => options[name] === true;
  const request: MigrateRequest = {
    ...{ dryRun: given("dryRun"), takesOver: given("switch") },
    acceptsDamage: given("acceptDamage"),
  };
  const loaded = await loadFrom(options);
  const { asServed } = await import("../tool.ts");
  const { config, notes } = await asServed(loaded);
  for (const note of notes) complain(`Note: ${note}`);
  const bar = new ProgressBar();
  try {
    const to = otherStore(config, await placesOf(options));
    const { runMigrate } = await import("../migrating.ts");
    const onProgress = bar.show.bind(bar);
    const report = await runMigrate({ from: storeOf(config), to, request, onProgress });
    bar.clear();
    if (given("json")) printJson(report);
    else print(migrateText(report, request));
    return isWhole(report, request) ? exitCode.done : exitCode.failed;
  } catch (error) {
    bar.clear();
    if (error instanceof ValueError) return misused(`a place to migrate to ${error.message}`);
    const { message, code } = explainTool(error, config);
    complain(message);
    return code;
  }
}

const isWhole = ({ bytes }: MigrateReport, { acceptsDamage }: MigrateRequest): boolean =>
  bytes === null || bytes.lost.length === 0 || acceptsDamage;

function mistakeIn(options: Options): string | null {
  const [url, file, bucket, data] = ["toDb", "toDbFile", "toS3", "toData"].map((name) =>
    textOf(options, name),
  );
  if (url !== undefined && file !== undefined) return "--to-db or --to-db-file, not both";
  const isApart = (url ?? file ?? bucket) !== undefined;
  if (data !== undefined && isApart) return "--to-data takes rows and bytes: name nothing else";
  if (data === undefined && !isApart) return "name a place: --to-db, --to-s3 or --to-data";
  const both = options["dryRun"] === true && options["switch"] === true;
  return both ? "--dry-run changes nothing, --switch does" : null;
}

function misused(message: string): number {
  complain(`error: ${message}\nRun "breadbox migrate --help" for usage.`);
  return exitCode.badUsage;
}

/** The URL of a database holds a password: in a file, other users of the machine do not see it. */
async function placesOf(options: Options): Promise<NamedPlaces> {
  const file = textOf(options, "toDbFile");
  const read = file === undefined ? null : (await Bun.file(file).text()).trim();
  return {
    database: textOf(options, "toDb") ?? read,
    bucket: textOf(options, "toS3") ?? null,
    data: textOf(options, "toData") ?? null,
  };
}
