// Programs that PyPI has: installed with pip, once, into .dev/cache under their name and a digest of their pinned packages.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "./bytes.ts";
import { machineEnv, toolCache } from "./goCompiler.ts";
import { run } from "./processes.ts";

/** A program, and the file that pins all packages that it needs: `name==version` each. */
export interface PythonTool {
  readonly name: string;
  readonly requirements: string;
}

function folderOf({ name, requirements }: PythonTool): string {
  return join(toolCache, `${name}-${sha256(readFileSync(requirements)).slice(7, 23)}`);
}

/** What a test with the program needs. */
export const pythonToolNeeds = (tool: PythonTool) => ({
  commands: [],
  reason: () =>
    !existsSync(folderOf(tool)) && Bun.which("python3") === null
      ? `${tool.name} needs python3 with venv to be installed`
      : null,
  timeoutMs: 600_000,
});

/** Path of the program, installed where it is not yet.
 *  @throws Error with pip's output when it cannot be installed. */
export async function pythonTool(tool: PythonTool): Promise<string> {
  const folder = folderOf(tool);
  const program = join(folder, "bin", tool.name);
  if (existsSync(program)) return program;
  // A virtual environment knows its own path, so it is made where it stays; its program appears last.
  await run(["python3", "-m", "venv", "--clear", folder], { timeoutMs: 120_000 });
  const pip = ["install", "--quiet", "--no-deps", "--no-compile", "--only-binary", ":all:"];
  await run([join(folder, "bin", "pip"), ...pip, "-r", tool.requirements], {
    env: machineEnv(),
    timeoutMs: 600_000,
  });
  return program;
}
