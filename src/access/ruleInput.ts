// Rules as people type them.
import type { NewRule } from "../metadata/access.ts";
import { type Action, actions, type Who } from "./actions.ts";
import { AccessInputError } from "./inputError.ts";
import { PatternError, parsePattern } from "./patterns.ts";
import { parseTrustName } from "./trustInput.ts";

const nameGrammar = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$/;

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

/** `anonymous`, `authenticated`, `user:NAME`, `token:NAME` or `workload:RULE`; a name alone is a user's. @throws AccessInputError */
export function parseWho(text: string): Who {
  if (text === "anonymous" || text === "authenticated") return text;
  if (text.startsWith("workload:"))
    return `workload:${parseTrustName(text.slice("workload:".length))}`;
  if (text.startsWith("token:")) return `token:${parseName(text.slice("token:".length))}`;
  return `user:${parseName(text.replace(/^user:/, ""))}`;
}

/** @throws AccessInputError */
export function parseName(name: string): string {
  if (nameGrammar.test(name) && name !== "anonymous" && name !== "authenticated") return name;
  throw new AccessInputError(
    `${JSON.stringify(name)} is no name: letters, digits and . _ @ + - are allowed, 128 at most, and a letter or digit first.`,
  );
}
