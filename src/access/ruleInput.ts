// Rules as people type them.
import type { NewRule } from "../metadata/access.ts";
import { type Action, actions } from "./actions.ts";
import { AccessInputError } from "./inputError.ts";
import { PatternError, parsePattern } from "./patterns.ts";

/** A pattern and the actions on it, as typed. */
export interface Grant {
  readonly pattern: string;
  readonly actions: string;
}

/** @param createdAt Unix ms. @throws AccessInputError */
export function ruleOf(
  { who, effect, pattern, actions: text }: Grant & Pick<NewRule, "who" | "effect">,
  createdAt: number,
): NewRule {
  try {
    parsePattern(pattern);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new AccessInputError(`${JSON.stringify(pattern)} ${error.message}`);
  }
  return { who, effect, pattern, actions: parseActions(text).join(","), createdAt };
}

/** Names of actions with commas in between. @throws AccessInputError */
export function parseActions(text: string): readonly Action[] {
  const listed = text.split(",");
  const known = actions.filter((action) => listed.includes(action));
  if (known.length === new Set(listed).size) return known;
  throw new AccessInputError(
    `${JSON.stringify(text)} is no list of actions. There are: ${actions.join(", ")}.`,
  );
}
