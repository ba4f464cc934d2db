// Shared by commands on a data directory: they open it, do one thing, close it, and explain failures.

import type { Config } from "../config/settings.ts";
import { plainLines } from "../plainText.ts";
import type { Tool } from "../tool.ts";
import { explainTool } from "./failure.ts";
import { complain } from "./print.ts";
import { loadFrom, type Options } from "./settingFlags.ts";

/** Runs `work` on the opened data directory. @param always runs before a failure is printed, too. @throws ConfigError */
export async function withTool(
  options: Options,
  work: (tool: Tool, config: Config) => Promise<number>,
  always: () => void = () => {},
): Promise<number> {
  const loaded = await loadFrom(options);
  const { openTool, asServed } = await import("../tool.ts");
  const { config, notes } = await asServed(loaded);
  for (const note of notes) complain(`Note: ${note}`);
  try {
    const tool = await openTool(config);
    if (tool.upgraded) complain("updated the database from an older version of Breadbox");
    try {
      return await work(tool, config);
    } finally {
      await tool.close();
    }
  } catch (error) {
    always();
    const { message, code } = explainTool(error, config);
    complain(message);
    return code;
  }
}

/** Asks on the terminal. Anything but a yes is a no, the end of the input as well. */
export async function confirm(text: string): Promise<boolean> {
  process.stderr.write(plainLines(text));
  for await (const line of console) return /^y(?:es)?$/i.test(line.trim());
  return false;
}
