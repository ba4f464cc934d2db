// Names of staged parts: `part-00001` for the number, and a name of its own for each version. Pure.

import type { PartPlace } from "../../model/staged.ts";
import type { UploadId } from "../../model/uploadId.ts";

const digits = 5;
const uuid = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const nameGrammar = new RegExp(`^tmp/multipart/${uuid}/part-\\d{5,}$`);
const versionGrammar = new RegExp(`^${uuid}$`);
const partGrammar = new RegExp(`^part-\\d{5,}(?:\\.${uuid})?$`);
const otherNames: ReadonlySet<string> = new Set(["whole", "whole.copy"]);

/** The place of a part's new version. */
export function partPlace(id: UploadId, number: number, version: string): PartPlace {
  return { name: `tmp/multipart/${id}/part-${String(number).padStart(digits, "0")}`, version };
}

/** Paths below the data directory. @throws when a row names something else. */
export function partPaths({ name, version }: PartPlace): { own: string; plain: string } {
  if (!nameGrammar.test(name) || !versionGrammar.test(version)) {
    throw new Error("malformed place of a part in the database");
  }
  return { own: `${name}.${version}`, plain: name };
}

/** True for a name that something of ours has in an object's folder. */
export function isPartsName(name: string): boolean {
  return otherNames.has(name) || partGrammar.test(name);
}
