// What the descriptions of commands share.

/** Runs an action, which returns its exit code. */
export type RunAction = (action: Promise<number>) => Promise<void>;

/** Two examples, for the end of a help text. */
export const examples = (first: string, second: string): string =>
  `\nExamples:\n${wrapped(first)}\n${wrapped(second)}`;

const columns = 80;

/** A line, or two with a backslash between them, so that it can still be pasted. Options begin the second one. */
function wrapped(example: string): string {
  const line = `  ${example}`;
  if (line.length <= columns) return line;
  const at = line.lastIndexOf(" --", columns - 2);
  return at < 0 ? line : `${line.slice(0, at)} \\\n     ${line.slice(at)}`;
}

/** Gathers the values of an option that may be repeated. */
export const collect = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  text,
];
