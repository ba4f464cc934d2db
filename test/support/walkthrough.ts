// Runs the shell commands of a document, in order, as a reader pastes them, and compares what they print with what the document says.
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, startProcess, waitFor } from "./processes.ts";
import type { Scope } from "./scope.ts";

/** The commands between two fences, and what the document says they print: "" when it says nothing. */
export interface Step {
  /** Line of the document that the commands begin in. */
  readonly line: number;
  readonly commands: string;
  readonly says: string;
}

/** A step that was run. */
export interface Taken extends Step {
  readonly printed: string;
}

/** Address that the document uses. */
export const writtenAddress = "localhost:5000";

/** Every block fenced as `sh`, each with the `text` block right behind it. */
export function stepsOf(markdown: string): Step[] {
  const fenced = /^```sh\n([\s\S]*?)^```\n(?:\n*```text\n([\s\S]*?)^```\n)?/gm;
  return [...markdown.matchAll(fenced)].map(({ 0: _, 1: commands = "", 2: says = "", index }) => ({
    line: markdown.slice(0, index).split("\n").length + 1,
    commands,
    says,
  }));
}

const uuid = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
const requestId = /"request_id":"[^"]*"/g;
const time = /\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d{3}Z| UTC)/g;

/** What two runs have in common: ids and times replaced, spaces at the ends of lines dropped. */
export function comparable(text: string): string {
  return text
    .replace(uuid, "<id>")
    .replace(time, "<time>")
    .replace(requestId, '"request_id":"<id>"')
    .replace(/[ \t\r]+$/gm, "")
    .trimEnd();
}

/** Where a document is tried. */
export interface Stage {
  readonly binary: string;
  /** An empty folder, which commands begin in. */
  readonly folder: string;
  readonly port: number;
}

/**
 * Takes all steps in one shell that ends at the first command that fails. The first step, alone in a terminal of its own in the
 * document, is the server. @throws Error naming the line of a step that fails, with what it printed.
 */
export async function takeSteps(
  scope: Scope,
  { binary, folder, port }: Stage,
  [serve, ...steps]: readonly Step[],
): Promise<Taken[]> {
  const tools = join(folder, ".tools");
  mkdirSync(tools);
  symlinkSync(binary, join(tools, "breadbox"));
  const env = { PATH: `${tools}:${process.env["PATH"] ?? "/usr/bin:/bin"}` };
  const address = `localhost:${port}`;
  await startServer(scope, { env, folder, port }, serve?.commands ?? "");
  writeFileSync(join(tools, "steps.sh"), scriptOf(steps, tools, address));
  const { code } = await run(["sh", join(tools, "steps.sh")], { env, cwd: folder, mayFail: true });
  return steps.map((step, index) => {
    const file = join(tools, `printed.${index}`);
    const printed = existsSync(file)
      ? readFileSync(file, "utf8").replaceAll(address, writtenAddress)
      : "";
    if (!existsSync(join(tools, `done.${index}`))) {
      throw new Error(`line ${step.line}: the commands ended with ${code}\n${printed}`);
    }
    return { ...step, printed };
  });
}

async function startServer(
  scope: Scope,
  { env, folder, port }: Omit<Stage, "binary"> & { readonly env: Readonly<Record<string, string>> },
  commands: string,
): Promise<void> {
  const server = startProcess(scope, ["sh", "-ec", `exec ${commands}`], {
    log: join(folder, ".tools", "server.log"),
    env: { ...env, BREADBOX_HTTP_LISTEN: `127.0.0.1:${port}` },
    cwd: folder,
  });
  const ready = async (): Promise<boolean> => {
    if (server.hasExited()) throw new Error(`the server ended early\n${server.logs()}`);
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
    return answer?.ok ?? false;
  };
  await waitFor("the server", ready, { explain: server.logs });
}

/** One script: variables and functions of a step are there in the next one. */
function scriptOf(steps: readonly Step[], tools: string, address: string): string {
  const parts = steps.map(({ commands }, index) => {
    const text = commands.replaceAll(writtenAddress, address);
    return `{\n${text}\n} > '${tools}/printed.${index}' 2>&1\n: > '${tools}/done.${index}'\n`;
  });
  return `set -eu\n${parts.join("")}`;
}
