// `breadbox fsck`: is the store what it should be, beside a running server or without one; and what can be repaired, is it wanted.
import type { FsckProgress } from "../maintenance/fsckRun.ts";
import { exitCode } from "./exitCode.ts";
import { explainTool } from "./failure.ts";
import { fsckJson, fsckText } from "./fsckText.ts";
import { ProgressBar } from "./progressBar.ts";
import { loadFrom, type Options } from "./settingFlags.ts";

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
  if (asked("full") && asked("quick")) {
    console.error(
      'error: --quick and --full exclude each other.\nRun "breadbox fsck --help" to see what there is.',
    );
    return exitCode.badUsage;
  }
  const { config } = await loadFrom(options);
  const bar = new ProgressBar();
  try {
    const { openTool } = await import("../tool.ts");
    const tool = await openTool(config);
    try {
      const request = { full: asked("full"), repair: asked("repair") };
      const report = await tool.fsck(request, ({ phase, done, total }) =>
        bar.show({
          label: labels[phase],
          unit: request.full && phase === "contents" ? "bytes" : "things",
          done,
          total,
        }),
      );
      bar.clear();
      console.log(
        asked("json") ? JSON.stringify(fsckJson(report), null, 2) : fsckText(report, request),
      );
      return report.clean ? exitCode.done : exitCode.failed;
    } finally {
      await tool.close();
    }
  } catch (error) {
    bar.clear();
    const { message, code } = explainTool(error, config);
    console.error(message);
    return code;
  }
}
