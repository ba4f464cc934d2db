// `breadbox fsck`: checks the store, with a running server or without one, and repairs it if asked to.

import type { FsckProgress, FsckRequest } from "../fsck/fsckRun.ts";
import type { Tool } from "../tool.ts";
import { exitCode } from "./exitCode.ts";
import { fsckJson, fsckText } from "./fsckText.ts";
import { complain, print, printJson } from "./print.ts";
import { ProgressBar } from "./progressBar.ts";
import type { Options } from "./settingFlags.ts";
import { withTool } from "./withTool.ts";

const labels: Readonly<Record<FsckProgress["phase"], string>> = {
  database: "database",
  contents: "stored blobs",
  manifests: "manifests",
  names: "file names",
  sessions: "open uploads",
  repairs: "repairs",
};

/** Inspects, prints, and repairs if `--repair` was given. @returns 0 only when nothing is wrong any more. @throws ConfigError */
export async function fsck(options: Options): Promise<number> {
  const asked = (name: string): boolean => options[name] === true;
  const mistake = mistakeIn(asked);
  if (mistake !== null) {
    complain(`error: ${mistake}.\nRun "breadbox fsck --help" for usage.`);
    return exitCode.badUsage;
  }
  const bar = new ProgressBar();
  return withTool(
    options,
    async (tool) => {
      const request = {
        full: asked("full"),
        repair: asked("repair"),
        forgetLost: asked("forgetLostObjects"),
      };
      const { report, run } = await inspect(tool, request, bar);
      bar.clear();
      if (run === null) complain("Note: the result could not be added to the history of checks.");
      if (asked("json")) printJson(fsckJson(report));
      else print(fsckText(report, request));
      return report.clean ? exitCode.done : exitCode.failed;
    },
    () => bar.clear(),
  );
}

function mistakeIn(asked: (name: string) => boolean): string | null {
  if (asked("full") && asked("quick")) return "--quick and --full exclude each other";
  const forgets = asked("forgetLostObjects") && !asked("repair");
  return forgets ? "--forget-lost-objects needs --repair" : null;
}

function inspect(tool: Tool, request: FsckRequest, bar: ProgressBar) {
  return tool.fsck(request, ({ phase, done, total }) => {
    const unit = request.full && phase === "contents" ? "bytes" : "things";
    bar.show({ label: labels[phase], unit, done, total });
  });
}
