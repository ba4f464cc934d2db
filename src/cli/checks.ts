// `breadbox checks ls`, `show` and `start`: the history of fsck and the scrub, of a data directory or of a server.
import { clock } from "../ambient.ts";
import type { Client } from "../client/client.ts";
import type { CheckSource } from "../fsck/checksTool.ts";
import type { PrintedCheck, PrintedChecks, PrintedSummary } from "../fsck/printedChecks.ts";
import { checkText, listText } from "./checksText.ts";
import { exitCode } from "./exitCode.ts";
import { readAnswer } from "./images/remote.ts";
import { misused, withSource } from "./images/source.ts";
import { complain, print, printAnswer } from "./print.ts";
import { type Options, textOf } from "./settingFlags.ts";

const address = "/v1/checks";

/** What these commands ask of a server. */
const remoteChecks = (client: Client): CheckSource => ({
  list: async ({ after, limit }) => {
    const query = new URLSearchParams({ limit: `${limit}`, ...(after !== null && { after }) });
    return readAnswer<PrintedChecks>(await client.json(`${address}?${query}`), "checks");
  },
  find: async (id) =>
    readAnswer<PrintedCheck>(await client.json(`${address}/${encodeURIComponent(id)}`), "findings"),
});

const withChecks = (
  command: string,
  options: Options,
  work: (source: CheckSource) => Promise<number>,
): Promise<number> =>
  withSource(command, options, { local: ({ checks }) => checks, remote: remoteChecks }, work);

/** Rows that are asked for at a time. */
const page = 200;
const usualRows = 20;

/** Prints the latest checks. @throws ConfigError */
export function listChecks(options: Options): Promise<number> {
  const given = textOf(options, "limit");
  const limit = given === undefined ? usualRows : Number(given);
  if (!Number.isInteger(limit) || limit < 1 || limit > page) {
    return Promise.resolve(misused("checks ls", `--limit: a number from 1 to ${page}.`));
  }
  return withChecks("checks ls", options, async (source) => {
    const answer = await source.list({ after: null, limit });
    if (options["json"] === true) printAnswer(answer);
    else print(listText(answer.checks, clock()));
    return exitCode.done;
  });
}

/** Prints one check, by default the latest. @returns 0 only when it found no problems. @throws ConfigError */
export function showCheck(id: string | undefined, options: Options): Promise<number> {
  return withChecks("checks show", options, async (source) => {
    const check = id === undefined ? await latestOf(source) : await source.find(id);
    if (check === null) {
      complain('There was no check yet: "breadbox fsck" makes one.');
      return exitCode.failed;
    }
    if (options["json"] === true) printAnswer(check);
    else print(checkText(check));
    return check.state === "clean" ? exitCode.done : exitCode.failed;
  });
}

/** The latest check that has ended with a result; before the first one, any. */
async function latestOf(source: CheckSource): Promise<PrintedCheck | null> {
  const { checks } = await source.list({ after: null, limit: page });
  const isDone = ({ state }: PrintedSummary): boolean => state === "clean" || state === "problems";
  const found = checks.find(isDone) ?? checks[0];
  return found === undefined ? null : source.find(found.id);
}

/** Begins a check on a server. @throws ConfigError */
export function startCheck(options: Options): Promise<number> {
  const full = options["full"] === true;
  const local = (): null => null;
  const remote = (client: Client) => client;
  return withSource("checks start", options, { local, remote }, async (client) => {
    if (client === null) {
      return misused("checks start", "name a server with --server, or run `breadbox fsck`.");
    }
    const answer = await client.json(address, {
      ...{ method: "POST", headers: { "content-type": "application/json" } },
      body: JSON.stringify({ full }),
    });
    const check = readAnswer<PrintedCheck>(answer, "findings");
    if (options["json"] === true) printAnswer(check);
    else print(`Check ${check.id} has begun. To see it: breadbox checks show ${check.id}`);
    return exitCode.done;
  });
}
