// `breadbox trust`: which jobs of which issuers need no password, while a server is running or without one.
import type { Tool } from "../tool.ts";
import { grantsOf } from "./access.ts";
import { exitCode } from "./exitCode.ts";
import { print, printJson } from "./print.ts";
import { badUsage, refuse } from "./refuse.ts";
import { type Options, textOf } from "./settingFlags.ts";
import { addedText, trustRulesText } from "./trustRulesText.ts";
import { withTool } from "./withTool.ts";

type Listed = Awaited<ReturnType<Tool["trust"]["list"]>>[number];
type Typed = Parameters<Tool["trust"]["add"]>[0];

const listOf = (options: Options, name: string): readonly string[] => {
  const given = options[name];
  return Array.isArray(given) ? given.map(String) : [];
};

/** @param place repository, account or issuer, by kind. @throws ConfigError */
export async function addTrust(
  kind: Typed["kind"],
  [place, grantTexts]: readonly [string, readonly string[]],
  options: Options,
): Promise<number> {
  const grants = grantsOf(grantTexts);
  if (grants === null) return badUsage("GRANT is PATTERN:ACTIONS, such as 'lab/**:pull,push'.");
  const caFile = textOf(options, "ca") ?? null;
  const ca = caFile === null ? null : await readFile(caFile);
  if (ca === undefined) return badUsage(`${caFile} cannot be read.`);
  const typed: Typed = {
    ...{ kind, place, ca },
    issuer: textOf(options, "issuer") ?? null,
    name: textOf(options, "name") ?? null,
    id: textOf(options, "id") ?? null,
    refs: listOf(options, "ref"),
    claims: listOf(options, "claim"),
    allowsPullRequests: options["pullRequests"] === true,
  };
  return withTool(options, async ({ trust }, config) => {
    const rule = await trust.add(typed, grants);
    if (rule === null) {
      const name = typed.name ?? typed.place;
      return refuse(
        `There is a trust rule of that name. Remove it (breadbox trust rm ${name}), or add --name NAME.`,
      );
    }
    print(addedText(rule, { place, grants: grantTexts, url: config["http.url"] }));
    return exitCode.done;
  });
}

/** @throws ConfigError */
export function listTrust(options: Options): Promise<number> {
  return withTool(options, async ({ trust }) => {
    const rules = await trust.list();
    if (options["json"] === true) printJson({ rules: rules.map(printed) });
    else print(trustRulesText(rules));
    return exitCode.done;
  });
}

/** Claims are values here: as names of members they would be spelt in another way. */
function printed({ ca, demands, ...rule }: Listed) {
  const claims = Object.entries(demands).map(([name, values]) => ({ name, values }));
  return { ...rule, claims, hasCa: ca !== null };
}

/** @throws ConfigError */
export function removeTrust(name: string, options: Options): Promise<number> {
  return withTool(options, async ({ trust }) => {
    if (!(await trust.remove(name))) {
      return refuse(`There is no trust rule ${name}: breadbox trust ls`);
    }
    print(`Removed the trust rule ${name}. What was issued to its jobs is void.`);
    return exitCode.done;
  });
}

/** @returns undefined for a file that cannot be read. */
function readFile(path: string): Promise<string | undefined> {
  return Bun.file(path)
    .text()
    .catch(() => undefined);
}
