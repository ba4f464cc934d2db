// What people write to name something that is to be deleted. Pure.
import { readRepositoryName } from "../model/names.ts";
import { readImage } from "../registry/imageNames.ts";
import type { Target } from "./selection.ts";

/** Reads `REPO`, `REPO:TAG` and `REPO@DIGEST`. @returns null for another text. */
export function readTarget(text: string): Target | null {
  const image = readImage(text);
  if (image !== null) return { repository: image.repository, ...image.reference };
  const repository = readRepositoryName(text);
  return repository === null ? null : { repository };
}

/** As it is read. */
export function printTarget(target: Target): string {
  const { repository } = target;
  if ("tag" in target) return `${repository}:${target.tag}`;
  return "digest" in target ? `${repository}@${target.digest}` : repository;
}
