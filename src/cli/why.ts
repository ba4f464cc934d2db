// `breadbox why`: what keeps a blob or a manifest, or since when nothing does. While a server is running or not, or of a server.

import type { Client } from "../client/client.ts";
import { isDigestBeginning } from "../fsck/why.ts";
import { malformed, type PrintedExplanation } from "../fsck/whyPrinted.ts";
import { exitCode } from "./exitCode.ts";
import { readAnswer } from "./images/remote.ts";
import { readImage } from "./images/show.ts";
import { misused, withSource } from "./images/source.ts";
import { print, printAnswer } from "./print.ts";
import type { Options } from "./settingFlags.ts";
import { whyText } from "./whyText.ts";

/** Explains an image, or a digest, whole or shortened. @returns 0 when it is known. @throws ConfigError */
export function explain(name: string, options: Options): Promise<number> {
  if (!isDigestBeginning(name) && readImage(name) === null)
    return Promise.resolve(misused("why", malformed(name)));
  return withSource("why", options, { local: ({ explain }) => explain, remote }, async (ask) => {
    const answer = await ask(name);
    if (options["json"] === true) printAnswer(answer);
    else print(whyText(answer));
    return exitCode.done;
  });
}

const remote = (client: Client) => async (name: string) =>
  readAnswer<PrintedExplanation>(
    await client.json(`/v1/why?name=${encodeURIComponent(name)}`),
    "kept_by",
  );
