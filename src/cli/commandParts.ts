// What the descriptions of commands share.

/** Runs an action, which returns its exit code. */
export type RunAction = (action: Promise<number>) => Promise<void>;

/** Two examples, for the end of a help text. */
export const examples = (first: string, second: string): string =>
  `\nExamples:\n  ${first}\n  ${second}`;

/** Gathers the values of an option that may be repeated. */
export const collect = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  text,
];
