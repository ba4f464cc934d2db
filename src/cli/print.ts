// The output of commands: the only place of the command line that writes to the console. Text from elsewhere (names,
// paths, messages of a server), it can neither move the cursor nor turn a line around.
import { plainJson, plainLines } from "../plainText.ts";
import { snakeCase } from "../spelling.ts";

/** Prints to standard output. */
export const print = (text: string): void => console.log(plainLines(text));

/** Prints to standard error: what went wrong, or is not what was asked for. */
export const complain = (text: string): void => console.error(plainLines(text));

/**
 * Prints what `--json` asks for: one value, in the style of the API. Names are in snake_case, and times (numbers named `…At`, Unix
 * ms) in ISO 8601.
 */
export const printJson = (value: unknown): void =>
  console.log(plainJson(JSON.stringify(styled(value), null, 2)));

/** Prints JSON as it is: what an API has answered is in its style, and names in labels and annotations are their owners'. */
export const printAnswer = (value: unknown): void =>
  console.log(plainJson(JSON.stringify(value, null, 2)));

function styled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(styled);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [snakeCase(name), styledMember(name, member)]),
  );
}

function styledMember(name: string, member: unknown): unknown {
  const isTime = typeof member === "number" && name.endsWith("At");
  return isTime ? new Date(member).toISOString() : styled(member);
}
