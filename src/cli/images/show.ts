// `breadbox show`: all about an image, or what differs between two.
import { clock } from "../../ambient.ts";
import { readTarget } from "../../images/targets.ts";
import { readReference } from "../../model/names.ts";
import { exitCode } from "../exitCode.ts";
import { print, printAnswer } from "../print.ts";
import type { Options } from "../settingFlags.ts";
import { comparisonText, imageText } from "./showText.ts";
import { misused, withImages } from "./source.ts";

/** `REPO:TAG` or `REPO@DIGEST`. @returns null for another text. */
export function readImage(text: string) {
  const target = readTarget(text);
  if (target === null) return null;
  const { repository } = target;
  if ("tag" in target) return { repository, reference: { tag: target.tag } };
  return "digest" in target ? { repository, reference: { digest: target.digest } } : null;
}

/** @param other a tag or digest of the same repository, or an image of it. @throws ConfigError */
export function showImage(
  name: string,
  other: string | undefined,
  options: Options,
): Promise<number> {
  const image = readImage(name);
  if (image === null) return Promise.resolve(misused("show", wrongName(name)));
  const { repository, reference } = image;
  if (other === undefined) {
    return withImages("show", options, async (source) => {
      const found = await source.image(repository, reference);
      if (options["json"] === true) printAnswer(found);
      else print(imageText(found, clock()));
      return exitCode.done;
    });
  }
  const second = readImage(other);
  if (second !== null && second.repository !== repository) {
    return Promise.resolve(misused("show", "both images have to be in one repository."));
  }
  const to = second?.reference ?? readReference(other);
  if (to === null) return Promise.resolve(misused("show", wrongName(other)));
  return withImages("show", options, async (source) => {
    const found = await source.compare(repository, reference, to);
    if (options["json"] === true) printAnswer(found);
    else print(comparisonText(found));
    return exitCode.done;
  });
}

const wrongName = (name: string): string =>
  `${JSON.stringify(name)} is no image: write REPO:TAG or REPO@sha256:<64 hexadecimal digits>.`;
