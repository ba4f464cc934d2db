// The commands of `breadbox user`, `token`, `access` and `audit`: names, options and help. Apart from program.ts, because they are many.

import type { Command } from "commander";
import { collect, examples, type RunAction } from "./commandParts.ts";
import { addDataFlags, type Options } from "./settingFlags.ts";

const load = () => import("./access.ts");

/** Adds `user`, `token`, `access` and `audit` to the program. */
export function addAccess(program: Command, run: RunAction): void {
  addUsers(program, run);
  addTokens(program, run);
  addRules(program, run);
  addAudit(program, run);
}

function addUsers(program: Command, run: RunAction): void {
  const user = program
    .command("user")
    .summary("add, list and remove users")
    .description(
      "Changes who may log in, while a server is running or without one. From the first user on, a server in auth.mode auto asks everybody to log in.",
    )
    .addHelpText("after", examples("breadbox user add ann --admin", "breadbox user ls"));
  addDataFlags(user.command("add <NAME>"))
    .summary("add a user")
    .description("Adds a user. Asks for the password on the terminal.")
    .option("--admin", "the user may do everything")
    .option("--password-stdin", "read the password from standard input")
    .addHelpText(
      "after",
      examples(
        "breadbox user add ann --admin",
        "breadbox user add bob --password-stdin < bob.password",
      ),
    )
    .action(async (name: string, options: Options) => run((await load()).addUser(name, options)));
  addDataFlags(user.command("import <FILE>"))
    .summary("add the users of an htpasswd file")
    .description(
      "Adds the users of a file that `htpasswd -B` wrote, with their passwords. Users that are here already stay as they are. To use the file where it is instead, name it with auth.htpasswd.",
    )
    .option(
      "--grant <PATTERN:ACTIONS>",
      "what each of them may do; may be repeated",
      collect,
      [] as readonly string[],
    )
    .addHelpText(
      "after",
      examples(
        "breadbox user import auth/htpasswd --grant '**:pull,push,overwrite'",
        "breadbox user import users --grant 'lab/**:pull'",
      ),
    )
    .action(async (file: string, options: Options) =>
      run((await load()).importUsers(file, options)),
    );
  addDataFlags(user.command("passwd <NAME>"))
    .summary("change a password")
    .description("Changes the password of a user. Tokens that were issued to the old one are void.")
    .option("--password-stdin", "read the password from standard input")
    .addHelpText(
      "after",
      examples("breadbox user passwd ann", "breadbox user passwd ann --password-stdin < file"),
    )
    .action(async (name: string, options: Options) =>
      run((await load()).changePassword(name, options)),
    );
  addDataFlags(user.command("ls"))
    .summary("list users")
    .description("Lists the users of the database.")
    .option("--json", "print JSON")
    .addHelpText("after", examples("breadbox user ls", "breadbox user ls --json"))
    .action(async (options: Options) => run((await load()).listUsers(options)));
  addDataFlags(user.command("disable <NAME>"))
    .summary("keep a user from logging in")
    .description("Keeps a user from logging in, at once. The rules about the user stay.")
    .option("--undo", "let the user log in again")
    .addHelpText("after", examples("breadbox user disable bob", "breadbox user disable bob --undo"))
    .action(async (name: string, options: Options) =>
      run((await load()).disableUser(name, options)),
    );
  addDataFlags(user.command("promote <NAME>"))
    .summary("make a user an administrator")
    .description("Makes a user an administrator, who may do everything, at once.")
    .option("--undo", "make an administrator a user like others")
    .addHelpText("after", examples("breadbox user promote bob", "breadbox user promote bob --undo"))
    .action(async (name: string, options: Options) =>
      run((await load()).promoteUser(name, options)),
    );
  addDataFlags(user.command("rm <NAME>"))
    .summary("remove a user")
    .description(
      "Removes a user and the rules about it. A server that had an account stays closed when its last user is removed.",
    )
    .addHelpText(
      "after",
      examples("breadbox user rm bob", "breadbox user rm bob --data /srv/breadbox"),
    )
    .action(async (name: string, options: Options) =>
      run((await load()).removeUser(name, options)),
    );
}

function addTokens(program: Command, run: RunAction): void {
  const token = program
    .command("token")
    .summary("create, list and revoke access tokens")
    .description(
      "Access tokens are passwords for programs. Each has rights of its own, and an end. They begin with bbx_, so that secret scanners find them.",
    )
    .addHelpText(
      "after",
      examples("breadbox token create ci --grant 'lab/**:pull,push'", "breadbox token ls"),
    );
  addDataFlags(token.command("create <NAME>"))
    .summary("create a token")
    .description(
      "Creates a token and prints it, this once: only its hash is stored. It is the password of any user name.",
    )
    .requiredOption(
      "--grant <PATTERN:ACTIONS>",
      "what it may do; may be repeated",
      collect,
      [] as readonly string[],
    )
    .option("--expires <TIME>", "when it ends, such as 30d, or never. Default: 90d")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        "breadbox token create ci --grant 'lab/**:pull,push'",
        "breadbox token create backup --grant 'bucket:backups/**:push' --expires 365d",
      ),
    )
    .action(async (name: string, options: Options) =>
      run((await load()).createToken(name, options)),
    );
  addDataFlags(token.command("ls"))
    .summary("list tokens")
    .description("Lists tokens with their rights, their end and their last use.")
    .option("--json", "print JSON")
    .addHelpText("after", examples("breadbox token ls", "breadbox token ls --json"))
    .action(async (options: Options) => run((await load()).listTokens(options)));
  addDataFlags(token.command("revoke <NAME>"))
    .summary("revoke a token")
    .description("Revokes a token, at once and for good. Its name is not given again.")
    .addHelpText(
      "after",
      examples("breadbox token revoke ci", "breadbox token revoke ci --data /srv/breadbox"),
    )
    .action(async (name: string, options: Options) =>
      run((await load()).revokeToken(name, options)),
    );
}

const ruleHelp =
  "WHO is a user, token:NAME, workload:NAME (jobs that the trust rule NAME takes), anonymous, or authenticated. PATTERN is about repositories (lab/**), objects (bucket:backups/nightly/**), a bucket with all its objects (bucket:backups), or the server (server:metrics, server:gc, server:audit, server:webhooks, server:explorer). ACTIONS are pull, push (create), overwrite, delete and admin, with commas in between.";

function addRules(program: Command, run: RunAction): void {
  const access = program
    .command("access")
    .summary("say who may do what")
    .description(
      "Rules say who may do what. What no rule allows is denied. Rules about one user or token come before those about authenticated, and these before those about anonymous; among equals deny wins.",
    )
    .addHelpText(
      "after",
      examples(
        "breadbox access allow anonymous 'public/**' pull",
        "breadbox access test bob push lab/app",
      ),
    );
  for (const effect of ["allow", "deny"] as const) {
    addDataFlags(access.command(`${effect} <WHO> <PATTERN> <ACTIONS>`))
      .summary(`add a rule that ${effect === "allow" ? "allows" : "denies"}`)
      .description(`Adds a rule. ${ruleHelp}`)
      .addHelpText(
        "after",
        examples(
          `breadbox access ${effect} bob 'lab/**' pull,push`,
          `breadbox access ${effect} authenticated 'bucket:backups/**' pull`,
        ),
      )
      .action(async (who: string, pattern: string, actions: string, options: Options) =>
        run((await load()).addRule(effect, [who, pattern, actions], options)),
      );
  }
  addDataFlags(access.command("ls"))
    .summary("list rules")
    .description("Lists the rules in the order in which they were added.")
    .option("--json", "print JSON")
    .addHelpText("after", examples("breadbox access ls", "breadbox access ls --json"))
    .action(async (options: Options) => run((await load()).listRules(options)));
  addDataFlags(access.command("rm <ID>"))
    .summary("remove a rule")
    .description("Removes a rule, whose ID `breadbox access ls` shows.")
    .addHelpText(
      "after",
      examples("breadbox access rm 3", "breadbox access rm 3 --data /srv/breadbox"),
    )
    .action(async (id: string, options: Options) => run((await load()).removeRule(id, options)));
  addDataFlags(access.command("rotate-key"))
    .summary("make a new key that signs tokens")
    .description(
      "Makes a new key that signs bearer tokens. A running server uses it at once; tokens of the key before it are accepted until they expire. A server makes a new key every 90 days, automatically.",
    )
    .option("--void", "void every bearer and refresh token that was issued")
    .addHelpText(
      "after",
      examples("breadbox access rotate-key", "breadbox access rotate-key --void"),
    )
    .action(async (options: Options) => run((await load()).rotateKey(options)));
  addDataFlags(access.command("test <WHO> <ACTION> <WHAT>"))
    .summary("show which rule decides")
    .description(
      "Shows whether WHO may do ACTION on WHAT (team/app, bucket:backups/db.tar, server:metrics), and which rule decides. Exits with 0 when it is allowed.",
    )
    .addHelpText(
      "after",
      examples(
        "breadbox access test bob push lab/app",
        "breadbox access test anonymous pull bucket:backups/db.tar",
      ),
    )
    .action(async (who: string, action: string, what: string, options: Options) =>
      run((await load()).testRule([who, action, what], options)),
    );
}

function addAudit(program: Command, run: RunAction): void {
  addDataFlags(program.command("audit"))
    .summary("show who did what")
    .description(
      "Lists logins, pushes, deletions, and changes of users, tokens and rules, the latest first.",
    )
    .option("--since <TIME>", "only later ones: a time ago, such as 7d, or 2026-01-31T12:00:00Z")
    .option("--who <NAME>", "only what this user did, or token:NAME, or command:NAME")
    .option(
      "--repository <NAME>",
      "only what was done to this repository, or to bucket:NAME/OBJECT",
    )
    .option("--limit <COUNT>", "most entries. Default: 100, with --json all")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples("breadbox audit --since 7d --who ann", "breadbox audit --repository lab/app --json"),
    )
    .action(async (options: Options) => run((await import("./audit.ts")).showAudit(options)));
}
