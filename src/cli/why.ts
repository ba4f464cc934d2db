// `breadbox why`: what keeps a blob or a manifest, or since when nothing does.

import type { WhyAnswer } from "../maintenance/why.ts";
import { exitCode } from "./exitCode.ts";
import { complain, print, printJson } from "./print.ts";
import type { Options } from "./settingFlags.ts";
import { whyJson, whyText } from "./whyText.ts";
import { withTool } from "./withTool.ts";

/** Explains a digest, whole or shortened. @returns 0 when it is known. @throws ConfigError */
export function explain(digest: string, options: Options): Promise<number> {
  return withTool(options, async (tool) => {
    const answer = await tool.explain(digest.toLowerCase());
    if (answer.kind !== "explained") return refuse(digest, answer);
    const { explanation } = answer;
    if (options["json"] === true) printJson(whyJson(explanation));
    else print(whyText(explanation));
    return exitCode.done;
  });
}

function refuse(
  digest: string,
  answer: Exclude<WhyAnswer, { readonly kind: "explained" }>,
): number {
  const asked = JSON.stringify(digest);
  switch (answer.kind) {
    case "unknown":
      complain(
        `Nothing here has the digest ${asked}, and neither a manifest nor an object names it.`,
      );
      return exitCode.failed;
    case "ambiguous":
      complain([`More than one digest begins with ${asked}:`, ...answer.digests].join("\n  "));
      return exitCode.failed;
    default:
      complain(
        `error: ${asked} is no digest: write sha256:<64 hexadecimal digits>, or the first 8 or more of them.`,
      );
      return exitCode.badUsage;
  }
}
