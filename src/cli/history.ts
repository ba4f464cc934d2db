// `breadbox tag history`: who pushed a tag or a digest, and from which commit.

import { utcTime } from "../amounts.ts";
import type { Tool } from "../tool.ts";
import { exitCode } from "./exitCode.ts";
import { complain, print, printJson } from "./print.ts";
import type { Options } from "./settingFlags.ts";
import { table } from "./table.ts";
import { withTool } from "./withTool.ts";

type Push = NonNullable<Awaited<ReturnType<Tool["listPushes"]>>>[number];

/** @param name `REPO:TAG`, `REPO@DIGEST` or a digest. @throws ConfigError */
export function showHistory(name: string, options: Options): Promise<number> {
  return withTool(options, async (tool) => {
    const pushes = await tool.listPushes(name);
    if (pushes === null) {
      complain(
        `error: ${JSON.stringify(name)} is neither an image nor a digest: write REPO:TAG, REPO@sha256:<64 hexadecimal digits>, or sha256:<64 hexadecimal digits>.`,
      );
      return exitCode.badUsage;
    }
    if (options["json"] === true) printJson({ pushes });
    else if (pushes.length > 0) print(pushesText(pushes));
    if (pushes.length > 0) return exitCode.done;
    complain(
      `No push of ${name} is known: there is no such tag or manifest, or it was imported, or pushed to an older version of Breadbox.`,
    );
    return exitCode.failed;
  });
}

function pushesText(pushes: readonly Push[]): string {
  const rows = pushes.map(({ repository, digest, tag, pushedAt, pushedBy, origin }) => [
    utcTime(pushedAt),
    tag === null ? repository : `${repository}:${tag}`,
    digest,
    pushedBy ?? "-",
    origin?.repository ?? "-",
    origin?.ref ?? "-",
    origin?.commit ?? "-",
    origin?.run ?? "-",
    origin?.actor ?? "-",
  ]);
  const head = ["PUSHED (UTC)", "IMAGE", "DIGEST", "BY", "SOURCE", "REF", "COMMIT", "RUN", "ACTOR"];
  return table([head, ...rows]);
}
