// `breadbox …` as a process of its own, from its sources: what it prints, how it ends.
import { join } from "node:path";

/** The program's source, to be run by Bun. */
export const main = join(import.meta.dir, "../../src/main.ts");

/** How a command ended. */
export interface Ended {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

/** How a command is run: with no variable but the given ones, and behind another program if there is one. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads from standard input. */
  readonly input?: string;
  /** That program and its arguments. */
  readonly behind?: readonly string[];
}

/** Runs it as a user does who has redirected everything. */
export async function breadbox(
  args: readonly string[],
  { cwd, env = {}, input, behind = [] }: CommandOptions = {},
): Promise<Ended> {
  const child = Bun.spawn([...behind, process.execPath, main, ...args], {
    ...(cwd !== undefined && { cwd }),
    env,
    stdin: input === undefined ? "ignore" : new Blob([input]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { out, err, code };
}
