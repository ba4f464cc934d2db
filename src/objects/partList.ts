// The list of parts that an upload is completed with: pure, no I/O.

import { RegistryError } from "../errors.ts";
import { type Digest, digestOf } from "../model/digest.ts";
import { readPartEtag } from "../model/fingerprint.ts";
import type { StagedPart } from "../model/staged.ts";

/** A part as who completes the upload names it. */
export interface NamedPart {
  /** A whole number. */
  readonly number: number;
  /** As it was answered, with or without quotes. */
  readonly etag: string;
}

function invalid(message: string): RegistryError {
  return new RegistryError("PART_LIST_INVALID", { message });
}

/** @throws RegistryError PART_LIST_INVALID unless the numbers rise, from 1 to `maxParts` at most. */
export function assertPartList(parts: readonly NamedPart[], maxParts: number): void {
  if (parts.length === 0) throw invalid("the list of parts is empty: an object has at least one");
  let last = 0;
  for (const { number } of parts) {
    if (!Number.isSafeInteger(number) || number < 1 || number > maxParts) {
      throw invalid(
        `${number} is not a part number: they are whole numbers, from 1 to ${maxParts}`,
      );
    }
    if (number === last) throw invalid(`part ${number} is in the list twice`);
    if (number < last) {
      throw invalid(`parts must be listed in rising order: ${number} comes after ${last}`);
    }
    last = number;
  }
}

/**
 * The parts that the list names, of those that are staged; others are left out.
 * @throws RegistryError PART_UNKNOWN, PART_DIFFERS for the first one that is not as it is named.
 */
export function chooseParts(
  named: readonly NamedPart[],
  staged: readonly StagedPart[],
): readonly StagedPart[] {
  const byNumber = new Map(staged.map((part) => [part.number, part]));
  return named.map(({ number, etag }) => {
    const part = byNumber.get(number);
    const detail = { part_number: number };
    if (part === undefined) {
      const message = `the upload has no part ${number}; upload it, then complete`;
      throw new RegistryError("PART_UNKNOWN", { message, detail });
    }
    if (readPartEtag(etag) !== part.etag) {
      const message = `part ${number} has another etag, ${part.etag}; list the parts, or send the part again`;
      throw new RegistryError("PART_DIFFERS", { message, detail });
    }
    return part;
  });
}

/** The same for the same list, with etags quoted or not. */
export function namePartList(parts: readonly NamedPart[]): Digest {
  const lines = parts.map(({ number, etag }) => `${number} ${readPartEtag(etag) ?? etag}\n`);
  return digestOf(Buffer.from(lines.join("")));
}
