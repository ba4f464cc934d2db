// Options of the programs that people run: one way to declare them, to refuse what is not one of them, and to list them with --help.
import { parseArgs } from "node:util";

/** What an option takes and means. */
export interface Option<T> {
  /** What its value is called in the help; null for a switch. */
  readonly value: string | null;
  readonly help: string;
  /** @param text null when it was not given, "" for a switch. @throws UsageError with what follows the option's name. */
  readonly read: (text: string | null) => T;
}

/** A program that a person runs. */
export interface Program<O extends Readonly<Record<string, Option<unknown>>>> {
  /** What is typed: `npm run bench`. */
  readonly name: string;
  /** What it does: a sentence or two. */
  readonly about: string;
  readonly options: O;
  /** What it takes besides options: `BINARY NAME`, `[PATTERN …]`; nothing when absent. */
  readonly operands?: string;
}

/** What the options of a program say. */
export type Values<O> = {
  readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never;
};

/** A mistake in the command line; its message says which, without a full stop. */
export class UsageError extends Error {}

/** An option without a value. */
export const flag = (help: string): Option<boolean> => ({
  ...{ value: null, help },
  read: (text) => text !== null,
});

/** Options with a value that has a default. @param parse throws UsageError */
const valued =
  <V extends string | number>(parse: (given: string) => V) =>
  <T extends V | null>(value: string, fallback: T, help: string): Option<V | T> => ({
    ...{ value, help: withDefault(help, fallback) },
    read: (given) => (given === null ? fallback : parse(given)),
  });

/** An option whose value is any text. */
export const text = valued((given): string => given);

/** An option whose value is a number that is not negative. */
export const number = valued((given): number => {
  if (!/^\d+(?:\.\d+)?$/.test(given)) throw new UsageError(`${shown(given)} is not a number`);
  return Number(given);
});

/** An option whose value is one of a list; null when it was not given. */
export const oneOf = <T extends string>(
  value: string,
  known: readonly T[],
  help: string,
): Option<T | null> => ({
  ...{ value, help },
  read: (given) => {
    const found = known.find((each) => each === given);
    if (found !== undefined) return found;
    if (given === null) return null;
    throw new UsageError(`${shown(given)} is none of ${known.join(", ")}`);
  },
});

/** Repeats the choices of an earlier run, which printed it; drawn when it was not given, here or in the environment. */
export const seed: Option<string> = {
  ...{ value: "S", help: "repeats the choices of the run that printed this seed" },
  read: (given) =>
    given ?? process.env["BREADBOX_TEST_SEED"] ?? String(Math.floor(Math.random() * 2 ** 32)),
};

const withDefault = (help: string, fallback: string | number | null): string =>
  fallback === null || fallback === "" ? help : `${help} (${fallback} by default)`;

const shown = (given: string): string => JSON.stringify(given);

/** npm passes on what follows two dashes. */
const typed = (name: string): string => (name.startsWith("npm ") ? `${name} --` : name);

const columns = 80;

/** Lines of at most `width` characters. */
function wrap(prose: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of prose.split(" ")) {
    const longer = `${lines.at(-1) ?? ""} ${word}`.trimStart();
    if (lines.length === 0 || longer.length > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/** @returns what `--help` prints. */
export function usageOf({ name, about, options, operands }: Program<AnyOptions>): string {
  const rows = Object.entries(options).map(
    ([option, { value, help }]) =>
      [value === null ? `--${option}` : `--${option} ${value}`, help] as const,
  );
  const all = [...rows, ["--help", "prints this text"] as const];
  const left = Math.max(...all.map(([option]) => option.length)) + 4;
  const lines = all.flatMap(([option, help]) =>
    wrap(help, columns - left).map(
      (line, at) => `${(at === 0 ? `  ${option}` : "").padEnd(left)}${line}`,
    ),
  );
  const usage = ["Usage:", typed(name), "[options]", operands ?? ""].join(" ").trimEnd();
  return [usage, "", ...wrap(about, columns), "", "Options:", ...lines].join("\n");
}

type AnyOptions = Readonly<Record<string, Option<unknown>>>;

/** @returns what a command line says; null when it asks for help. @throws UsageError */
export function parseOptions<O extends AnyOptions>(
  { options, operands: takes = "" }: Program<O>,
  args: readonly string[],
): { readonly values: Values<O>; readonly operands: readonly string[] } | null {
  const given = new Map<string, string>();
  const operands: string[] = [];
  for (const token of tokensOf(options, args)) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    if (token.rawName === "-h" || token.name === "help") return null;
    const option =
      token.rawName.startsWith("--") && Object.hasOwn(options, token.name)
        ? options[token.name]
        : undefined;
    if (option === undefined) throw new UsageError(`there is no option ${token.rawName}`);
    given.set(token.name, textOf(option, token));
  }
  checkOperands(takes, operands);
  const values = Object.entries(options).map(([name, option]) => {
    try {
      return [name, option.read(given.get(name) ?? null)];
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(`--${name} ${error.message}`);
    }
  });
  // Each was read by the option of its name.
  return { values: Object.fromEntries(values) as Values<O>, operands };
}

function tokensOf(options: AnyOptions, args: readonly string[]) {
  const types = Object.entries(options).map(
    ([name, { value }]) => [name, { type: value === null ? "boolean" : "string" }] as const,
  );
  return parseArgs({
    ...{ args: [...args], strict: false, tokens: true, allowPositionals: true },
    options: Object.fromEntries(types),
  }).tokens;
}

/** @throws UsageError when there are fewer or more operands than a program takes. */
function checkOperands(takes: string, operands: readonly string[]): void {
  const names = takes.match(/\[[^\]]*\]|\S+/g) ?? [];
  const missing = names.slice(operands.length).find((name) => !name.startsWith("["));
  if (missing !== undefined) throw new UsageError(`${missing} is missing`);
  const beyond = takes.includes("…") ? undefined : operands[names.length];
  if (beyond !== undefined) throw new UsageError(`${shown(beyond)} is not expected`);
}

/** What one use of an option says. @throws UsageError */
function textOf(
  { value }: Option<unknown>,
  token: { rawName: string; value?: string | undefined; inlineValue?: boolean | undefined },
): string {
  const isNext = token.inlineValue === false && token.value?.startsWith("--") === true;
  if (value === null && token.value !== undefined)
    throw new UsageError(`${token.rawName} takes no value`);
  if (value !== null && (token.value === undefined || isNext))
    throw new UsageError(`${token.rawName} needs a value: ${value}`);
  return token.value ?? "";
}

/**
 * The options of this process. Prints the help and ends with 0 when they ask for it; ends with 2 and a sentence when they are wrong.
 * @param read what the program makes of them; without it, what they say.
 */
export function orUsage<T>(
  program: Program<AnyOptions>,
  read: (args: readonly string[]) => T | null,
): T {
  try {
    const found = read(process.argv.slice(2));
    if (found !== null) return found;
    console.log(usageOf(program));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}; ${typed(program.name)} --help lists the options`);
    process.exit(2);
  }
  process.exit(0);
}

/** The options of this process, as `orUsage` reads them. */
export const readOptions = <O extends AnyOptions>(program: Program<O>) =>
  orUsage(program, (args) => parseOptions(program, args));
