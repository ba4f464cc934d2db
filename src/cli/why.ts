// `breadbox why`: what keeps a blob or a manifest, or since when nothing does.

import type { WhyAnswer } from "../fsck/why.ts";
import { exitCode } from "./exitCode.ts";
import { complain, print, printJson } from "./print.ts";
import type { Options } from "./settingFlags.ts";
import { unknownTagText, whyJson, whyText } from "./whyText.ts";
import { withTool } from "./withTool.ts";

/** Explains an image, or a digest, whole or shortened. @returns 0 when it is known. @throws ConfigError */
export function explain(name: string, options: Options): Promise<number> {
  return withTool(options, async (tool) => {
    const answer = await tool.explain(name);
    if (answer.kind !== "explained") return refuse(name, answer);
    const { explanation } = answer;
    if (options["json"] === true) printJson(whyJson(explanation));
    else print(whyText(explanation));
    return exitCode.done;
  });
}

function refuse(name: string, answer: Exclude<WhyAnswer, { readonly kind: "explained" }>): number {
  const asked = JSON.stringify(name);
  switch (answer.kind) {
    case "unknown":
      complain(
        [
          `Nothing here has the digest ${asked}, and neither a manifest nor an object names it.`,
          "If it was pushed here, it was deleted: the server's log has a line for each deletion.",
          "The blobs of a deleted manifest are deleted by the next garbage collection, unless something else uses them (breadbox gc --dry-run).",
        ].join("\n"),
      );
      return exitCode.failed;
    case "untagged":
      complain(unknownTagText(answer));
      return exitCode.failed;
    case "ambiguous":
      complain([`More than one digest begins with ${asked}:`, ...answer.digests].join("\n  "));
      return exitCode.failed;
    default:
      complain(
        `error: ${asked} is neither an image nor a digest: write REPO:TAG, REPO@sha256:<64 hexadecimal digits>, or the first 8 or more digits of a digest.`,
      );
      return exitCode.badUsage;
  }
}
