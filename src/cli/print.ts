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

/** A member of an object that is printed while it is read: the pages of a list, or a value that is known once the members before it are printed. */
export type LongMember = AsyncIterable<readonly unknown[]> | (() => unknown);

/** Lines that are printed together. */
const linesAtOnce = 1_000;

/** Prints an object with lists that may not fit in memory, as `printJson` would print it whole. */
export async function printLongJson(members: Readonly<Record<string, LongMember>>): Promise<void> {
  let lines: string[] = [];
  for await (const line of longLines(members)) {
    lines.push(line);
    if (lines.length < linesAtOnce) continue;
    console.log(plainJson(lines.join("\n")));
    lines = [];
  }
  console.log(plainJson(lines.join("\n")));
}

async function* longLines(members: Readonly<Record<string, LongMember>>): AsyncGenerator<string> {
  yield "{";
  const all = Object.entries(members);
  for (const [place, [name, member]] of all.entries()) {
    const start = `  ${JSON.stringify(snakeCase(name))}: `;
    const end = place === all.length - 1 ? "" : ",";
    if (typeof member === "function") yield `${start}${indented(member(), "  ")}${end}`;
    else yield* listLines(member, { start, end });
  }
  yield "}";
}

/** Only the next item tells whether a comma follows one. */
async function* listLines(
  pages: AsyncIterable<readonly unknown[]>,
  { start, end }: { readonly start: string; readonly end: string },
): AsyncGenerator<string> {
  let last: string | null = null;
  for await (const page of pages) {
    for (const item of page) {
      yield last === null ? `${start}[` : `${last},`;
      last = `    ${indented(item, "    ")}`;
    }
  }
  if (last === null) yield `${start}[]${end}`;
  else yield* [last, `  ]${end}`];
}

const indented = (value: unknown, by: string): string =>
  JSON.stringify(styled(value), null, 2).replaceAll("\n", `\n${by}`);

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
