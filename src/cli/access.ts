// `breadbox user`, `token` and `access`: who may do what, while a server is running or without one. A running server sees each change
// with the next request.

import { counted } from "../amounts.ts";
import { duration, ValueError } from "../config/values.ts";
import type { Tool } from "../tool.ts";
import { rulesText, tokensText, usersText } from "./accessText.ts";
import { exitCode } from "./exitCode.ts";
import { complain, print, printJson } from "./print.ts";
import { badUsage, refuse } from "./refuse.ts";
import { askSecret, readSecretInput } from "./secret.ts";
import { type Options, textOf } from "./settingFlags.ts";
import { withTool } from "./withTool.ts";

const asked = (options: Options, name: string): boolean => options[name] === true;

/** @throws ConfigError */
export async function addUser(name: string, options: Options): Promise<number> {
  const password = await readPassword(name, options);
  if (password === null) return exitCode.badUsage;
  return withTool(options, async ({ accounts }) => {
    const isAdmin = asked(options, "admin");
    if (!(await accounts.addUser(name, { password, isAdmin }))) {
      return refuse(
        `There is a user ${name}. To change the password: breadbox user passwd ${name}`,
      );
    }
    print(isAdmin ? `Added the administrator ${name}.` : `Added the user ${name}.`);
    if (!isAdmin) {
      print(`Nothing is allowed yet: breadbox access allow ${name} 'PATTERN' pull,push`);
    }
    return exitCode.done;
  });
}

/** @throws ConfigError */
export async function importUsers(path: string, options: Options): Promise<number> {
  const grants = grantsOf(givenGrants(options));
  if (grants === null) return badUsage(grantUsage);
  const file = Bun.file(path);
  const text = await file.text().catch(() => null);
  if (text === null) return refuse(`${path} cannot be read. Name a file that htpasswd -B wrote.`);
  return withTool(options, async ({ accounts }) => {
    const { added, here, objections } = await accounts.importUsers(text, grants);
    for (const objection of objections) complain(`Left out: ${objection}`);
    for (const name of here) print(`There is a user ${name}: nothing was changed.`);
    print(
      `Added ${counted(added.length, "user")}${added.length > 0 ? `: ${added.join(", ")}` : ""}.`,
    );
    if (added.length > 0 && grants.length === 0) {
      print(
        "Nothing is allowed to them yet: breadbox access allow authenticated 'PATTERN' pull,push",
      );
    }
    return objections.length > 0 ? exitCode.failed : exitCode.done;
  });
}

const grantUsage = "--grant takes PATTERN:ACTIONS, such as 'lab/**:pull,push'.";

function givenGrants(options: Options): readonly string[] {
  const given = options["grant"];
  return Array.isArray(given) ? given.map(String) : [];
}

/** @throws ConfigError */
export async function changePassword(name: string, options: Options): Promise<number> {
  const password = await readPassword(name, options);
  if (password === null) return exitCode.badUsage;
  return withTool(options, async ({ accounts }) =>
    report(
      await accounts.changePassword(name, password),
      `Changed the password of ${name}. Tokens that were issued to the old one are void.`,
      unknownUser(name),
    ),
  );
}

/** @throws ConfigError */
export function listUsers(options: Options): Promise<number> {
  return withTool(options, async ({ accounts }) => {
    const listed = await accounts.list();
    if (asked(options, "json")) printJson({ users: listed.users });
    else print(usersText(listed));
    return exitCode.done;
  });
}

/** @throws ConfigError */
export function disableUser(name: string, options: Options): Promise<number> {
  const isBack = asked(options, "undo");
  return withTool(options, async ({ accounts }) =>
    report(
      await accounts.disableUser(name, !isBack),
      isBack ? `${name} may log in again.` : `${name} may not log in any more.`,
      unknownUser(name),
    ),
  );
}

/** @throws ConfigError */
export function promoteUser(name: string, options: Options): Promise<number> {
  const isBack = asked(options, "undo");
  return withTool(options, async ({ accounts }) =>
    report(
      await accounts.promoteUser(name, !isBack),
      isBack ? `${name} is no administrator any more.` : `${name} is an administrator now.`,
      unknownUser(name),
    ),
  );
}

/** @throws ConfigError */
export function removeUser(name: string, options: Options): Promise<number> {
  return withTool(options, async ({ accounts }) =>
    report(
      await accounts.removeUser(name),
      `Removed the user ${name} and the rules about it.`,
      unknownUser(name),
    ),
  );
}

/** @throws ConfigError */
export function createToken(name: string, options: Options): Promise<number> {
  const grants = grantsOf(givenGrants(options));
  const lasts = readLifetime(options);
  if (grants === null || grants.length === 0) return badUsage(grantUsage);
  if (lasts === undefined) return badUsage("--expires takes a time, such as 90d, or never.");
  return withTool(options, async ({ accounts }) => {
    const token = await accounts.createToken(name, { grants, lastsMs: lasts });
    if (token === null) {
      return refuse(`The name ${name} was given to a token before. Choose another one.`);
    }
    if (asked(options, "json")) printJson({ name, token });
    else print(token);
    complain(
      "This is the only time that the token is shown. Use it as password, with any user name.",
    );
    return exitCode.done;
  });
}

/** @throws ConfigError */
export function listTokens(options: Options): Promise<number> {
  return withTool(options, async ({ accounts }) => {
    const listed = await accounts.list();
    if (asked(options, "json")) printJson({ tokens: listed.tokens });
    else print(tokensText(listed, accounts.now()));
    return exitCode.done;
  });
}

/** @throws ConfigError */
export function revokeToken(name: string, options: Options): Promise<number> {
  return withTool(options, async ({ accounts }) =>
    report(
      await accounts.revokeToken(name),
      `Revoked the token ${name}.`,
      `There is no token ${name} that is not revoked.`,
    ),
  );
}

/** What a rule says, as typed. */
export type Typed = readonly [who: string, pattern: string, actions: string];

/** @throws ConfigError */
export function addRule(
  effect: "allow" | "deny",
  [who, pattern, actions]: Typed,
  options: Options,
): Promise<number> {
  return withTool(options, async ({ accounts }) => {
    print(`Added rule ${await accounts.addRule({ who, effect, pattern, actions })}.`);
    return exitCode.done;
  });
}

/** @throws ConfigError */
export function removeRule(id: string, options: Options): Promise<number> {
  if (!/^[1-9][0-9]{0,14}$/.test(id)) return badUsage("name the ID of a rule: breadbox access ls");
  return withTool(options, async ({ accounts }) =>
    report(await accounts.removeRule(Number(id)), `Removed rule ${id}.`, `There is no rule ${id}.`),
  );
}

/** @throws ConfigError */
export function listRules(options: Options): Promise<number> {
  return withTool(options, async ({ accounts }) => {
    const listed = await accounts.list();
    if (asked(options, "json")) printJson({ rules: listed.rules });
    else print(rulesText(listed));
    return exitCode.done;
  });
}

/** @throws ConfigError */
export function rotateKey(options: Options): Promise<number> {
  const isVoid = asked(options, "void");
  return withTool(options, async ({ accounts }) =>
    report(
      (await accounts.rotateKey(isVoid)) !== null,
      isVoid
        ? "Made a new key. Every bearer and refresh token that was issued is void: clients log in again."
        : "Made a new key. Tokens of the key before it are accepted until they expire.",
      "Another process just made a new key. Nothing was changed.",
    ),
  );
}

/** Exits with 0 when it is allowed. @throws ConfigError */
export function testRule([who, action, what]: Typed, options: Options): Promise<number> {
  return withTool(options, async ({ accounts }) => {
    const { isAllowed, why } = await accounts.explain({ who, action, what });
    print(`${isAllowed ? "allowed" : "denied"}: ${why}`);
    return isAllowed ? exitCode.done : exitCode.failed;
  });
}

/** @returns null when there is none; the reason was printed. */
async function readPassword(name: string, options: Options): Promise<string | null> {
  if (asked(options, "passwordStdin")) return readSecretInput();
  if (process.stdin.isTTY !== true) {
    complain("There is no terminal to ask for the password on: add --password-stdin.");
    return null;
  }
  const password = await askSecret(`Password for ${name}: `);
  if (password !== null && (await askSecret("Again: ")) === password) return password;
  if (password !== null) complain("The two passwords differ. Nothing was changed.");
  return null;
}

/** @param texts `PATTERN:ACTIONS`. @returns null when one is not understood. */
export function grantsOf(
  texts: readonly string[],
): Parameters<Tool["accounts"]["createToken"]>[1]["grants"] | null {
  const grants = texts.map((text) => {
    const colon = text.lastIndexOf(":");
    return { pattern: text.slice(0, Math.max(colon, 0)), actions: text.slice(colon + 1) };
  });
  return grants.every(({ pattern }) => pattern !== "") ? grants : null;
}

/** @returns ms, null for `never`, undefined for what is not understood. */
function readLifetime(options: Options): number | null | undefined {
  const text = textOf(options, "expires") ?? "90d";
  if (text === "never") return null;
  try {
    return duration("1m", "3650d").parse(text);
  } catch (error) {
    if (error instanceof ValueError) return undefined;
    throw error;
  }
}

const unknownUser = (name: string): string => `There is no user ${name}: breadbox user ls`;

function report(isDone: boolean, done: string, otherwise: string): number {
  if (!isDone) return refuse(otherwise);
  print(done);
  return exitCode.done;
}
