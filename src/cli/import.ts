// `breadbox import`: takes images over from another registry's directory, an image layout, or another registry, while a server is
// running or without one.

import type { ImportProgress, ImportReport, ImportRequest } from "../import/report.ts";
import type { ImportCommand } from "../tool.ts";
import { exitCode } from "./exitCode.ts";
import { explainTool } from "./failure.ts";
import { importText } from "./importText.ts";
import { complain, print, printJson } from "./print.ts";
import { ProgressBar } from "./progressBar.ts";
import { loadFrom, type Options, textOf } from "./settingFlags.ts";

/** Imports, or says what would be imported. @returns 0 only when everything is here. @throws ConfigError */
export async function importImages(place: string, options: Options): Promise<number> {
  const given = (name: string): boolean => options[name] === true;
  const username = textOf(options, "username");
  if ((username !== undefined) !== given("passwordStdin")) {
    complain(
      `error: --username and --password-stdin need each other.\nRun "breadbox import --help" to see what there is.`,
    );
    return exitCode.badUsage;
  }
  const bar = new ProgressBar();
  const request: ImportRequest = {
    dryRun: given("dryRun"),
    share: !given("copy"),
    overwriteTags: given("overwriteTags"),
  };
  const command: ImportCommand = {
    ...{ place, request, repository: textOf(options, "repository") ?? null },
    login:
      username === undefined
        ? null
        : {
            ...{ username, password: await readPassword() },
            tokenServer: textOf(options, "tokenServer") ?? null,
          },
    onProgress: (progress) => bar.show(lineOf(progress)),
  };
  const loaded = await loadFrom(options);
  const { asServed, runImport } = await import("../tool.ts");
  const { config, notes } = await asServed(loaded);
  for (const note of notes) complain(`Note: ${note}`);
  try {
    const report = await runImport(config, command);
    bar.clear();
    tell(report, request, given("json"));
    return report.problems.length === 0 ? exitCode.done : exitCode.failed;
  } catch (error) {
    bar.clear();
    const { message, code } = explainTool(error, config);
    complain(message);
    return code;
  }
}

function tell(report: ImportReport, request: ImportRequest, json: boolean): void {
  if (json) printJson({ dryRun: request.dryRun, ...report });
  else print(importText(report, request));
}

function lineOf({ repository, number, repositories, phase, done, total }: ImportProgress) {
  const label = `${number} of ${repositories} ${repository}: ${phase}`;
  return { label, unit: phase === "blobs" ? ("bytes" as const) : ("things" as const), done, total };
}

/** The first line: secrets often end with one. */
async function readPassword(): Promise<string> {
  const text = await Bun.stdin.text();
  return text.split(/\r?\n/, 1)[0] ?? "";
}
