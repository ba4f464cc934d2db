// `breadbox uploads ls` and `rm`: open upload sessions, with a running server or without one.

import { duration, ValueError } from "../config/values.ts";
import { plainName } from "../plainText.ts";
import type { Tool } from "../tool.ts";
import { exitCode } from "./exitCode.ts";
import { complain, print, printJson } from "./print.ts";
import { type Options, textOf } from "./settingFlags.ts";
import {
  type Dropped,
  droppedJson,
  droppedText,
  listJson,
  listText,
  question,
} from "./uploadsText.ts";
import { confirm, withTool } from "./withTool.ts";

/** Prints every open session. @throws ConfigError */
export function listUploads(options: Options): Promise<number> {
  return withTool(options, async (tool) => {
    const [uploads, parts] = [await tool.listUploads(), await tool.listParts()];
    if (asked(options, "json")) printJson(listJson(uploads, parts));
    else print(listText(uploads, parts));
    return exitCode.done;
  });
}

/** Ends one session by its id, or those that `--all` and `--older-than` mean. @throws ConfigError */
export function removeUploads(id: string | undefined, options: Options): Promise<number> {
  const many = readMany(options);
  if (id !== undefined) {
    if (many !== null) return badUsage("an id cannot be combined with --all or --older-than.");
    return withTool(options, (tool) => removeOne(tool, id, options));
  }
  if (many === null) return badUsage("name an upload, --all or --older-than TIME.");
  if ("mistake" in many) return badUsage(many.mistake);
  if (!asked(options, "yes") && process.stdin.isTTY !== true) {
    return badUsage("add --yes: there is no terminal to ask on. Nothing was removed.");
  }
  return withTool(options, (tool) => removeMany(tool, many.idleMs, options));
}

const asked = (options: Options, name: string): boolean => options[name] === true;

/** Which sessions are meant; `idleMs` null means all. */
type Many = { readonly idleMs: number | null } | { readonly mistake: string };

/** @returns null when neither `--all` nor `--older-than` was given. */
function readMany(options: Options): Many | null {
  const olderThan = textOf(options, "olderThan");
  if (olderThan === undefined) return asked(options, "all") ? { idleMs: null } : null;
  try {
    return { idleMs: duration("0", "3650d").parse(olderThan) };
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    return { mistake: `--older-than: ${JSON.stringify(olderThan)} ${error.message}` };
  }
}

async function badUsage(mistake: string): Promise<number> {
  complain(`error: ${mistake}\nRun "breadbox uploads rm --help" for usage.`);
  return exitCode.badUsage;
}

async function removeOne(tool: Tool, id: string, options: Options): Promise<number> {
  const session = await tool.dropUpload(id);
  const parts = session === null ? await tool.dropParts(id) : null;
  if (parts !== null) {
    const { bucket, object, bytes: offset } = parts;
    const dropped = [{ id: parts.id, repository: plainName({ bucket, object }), offset }];
    printDropped({ dropped, spared: 0 }, options);
    return exitCode.done;
  }
  if (session === null) {
    complain(
      `No open upload has the id ${JSON.stringify(id)}. \`breadbox uploads ls\` lists them.`,
    );
    return exitCode.failed;
  }
  printDropped({ dropped: [session], spared: 0 }, options);
  return exitCode.done;
}

async function removeMany(tool: Tool, idleMs: number | null, options: Options): Promise<number> {
  if (!asked(options, "yes")) {
    const found = await tool.listIdleUploads(idleMs);
    const meant = found.filter(({ writing }) => !writing);
    if (meant.length > 0 && !(await confirm(question(meant)))) {
      complain("Nothing was removed.");
      return exitCode.failed;
    }
  }
  printDropped(await tool.dropUploads(idleMs), options);
  return exitCode.done;
}

function printDropped(dropped: Dropped, options: Options): void {
  if (asked(options, "json")) printJson(droppedJson(dropped));
  else print(droppedText(dropped));
}
