// `breadbox uploads ls` and `rm`: open upload sessions, with a running server or without one.

import { duration, ValueError } from "../config/values.ts";
import { plainName } from "../plainText.ts";
import type { Tool } from "../tool.ts";
import { exitCode } from "./exitCode.ts";
import { complain, print, printJson, printLongJson } from "./print.ts";
import { type Options, textOf } from "./settingFlags.ts";
import { growingTable } from "./table.ts";
import { ListSums, Removal } from "./uploadSums.ts";
import {
  droppedJson,
  droppedText,
  listSumsJson,
  listSumsText,
  partsHead,
  partsJson,
  partsRow,
  question,
  sessionHead,
  sessionJson,
  sessionRow,
} from "./uploadsText.ts";
import { confirm, withTool } from "./withTool.ts";

/** Prints every open upload, page by page: there may be a million. @throws ConfigError */
export function listUploads(options: Options): Promise<number> {
  return withTool(options, async (tool) => {
    const sums = new ListSums();
    const uploads = sums.sessions(tool.listUploads());
    const parts = sums.parts(tool.listParts());
    if (asked(options, "json")) {
      await printLongJson({
        uploads: each(uploads, sessionJson),
        inParts: each(parts, partsJson),
        total: () => listSumsJson(sums),
      });
      return exitCode.done;
    }
    await printTable(sessionHead, each(uploads, sessionRow));
    await printTable(partsHead, each(parts, partsRow));
    print(listSumsText(sums));
    return exitCode.done;
  });
}

type Pages<T> = AsyncIterable<readonly T[]>;

/** The same pages, of what is made of each item. */
async function* each<T, R>(pages: Pages<T>, make: (item: T) => R): AsyncGenerator<readonly R[]> {
  for await (const page of pages) yield page.map(make);
}

/** Prints a table with an empty line below; nothing when it has no rows. */
async function printTable(head: readonly string[], pages: Pages<readonly string[]>): Promise<void> {
  const lines = growingTable();
  let isFirst = true;
  for await (const rows of pages) {
    print(lines(isFirst ? [head, ...rows] : rows));
    isFirst = false;
  }
  if (!isFirst) print("");
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
  const dropped =
    parts === null ? session : { id: parts.id, repository: plainName(parts), offset: parts.bytes };
  if (dropped === null) {
    complain(
      `No open upload has the id ${JSON.stringify(id)}. \`breadbox uploads ls\` lists them.`,
    );
    return exitCode.failed;
  }
  const { offset: bytes } = dropped;
  if (asked(options, "json")) printJson({ removed: [droppedJson(dropped)], bytes, spared: 0 });
  else print(droppedText({ sessions: 1, bytes, spared: 0, first: dropped }));
  return exitCode.done;
}

/** @throws why bytes could not be deleted, once everything else was. */
async function removeMany(tool: Tool, idleMs: number | null, options: Options): Promise<number> {
  if (!asked(options, "yes")) {
    const meant = await tool.sumUploads(idleMs);
    if (meant.open > 0 && !(await confirm(question(meant)))) {
      complain("Nothing was removed.");
      return exitCode.failed;
    }
  }
  const removal = new Removal(tool, idleMs);
  const sessions = removal.sessions();
  if (asked(options, "json")) {
    await printLongJson({
      removed: each(sessions, droppedJson),
      bytes: () => removal.sums.bytes,
      spared: () => removal.sums.spared,
    });
  } else {
    for await (const _ of sessions);
    print(droppedText(removal.sums));
  }
  if (removal.failure !== null) throw removal.failure;
  return exitCode.done;
}
