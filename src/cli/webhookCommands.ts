// The commands of `breadbox webhook`: names, options and help.
import type { Command } from "commander";
import { examples, type RunAction } from "./commandParts.ts";
import { addDataFlags, type Options } from "./settingFlags.ts";

const load = () => import("./webhook.ts");

/** Adds `webhook` to the program. */
export function addWebhook(program: Command, run: RunAction): void {
  const webhook = program
    .command("webhook")
    .summary("list and test webhooks, and retry their events")
    .description(
      "Shows the webhooks of the configuration with the events that wait for them, and those that were given up.",
    );
  addDataFlags(webhook.command("ls"))
    .summary("list webhooks")
    .description("Lists webhooks with the events that wait for them, and those that were given up.")
    .option("--json", "print JSON")
    .addHelpText("after", examples("breadbox webhook ls", "breadbox webhook ls --json"))
    .action(async (options: Options) => run((await load()).listHooks(options)));
  addDataFlags(webhook.command("dead <NAME>"))
    .summary("list events that were given up")
    .description("Lists the events that a webhook did not accept for a day, the oldest first.")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples("breadbox webhook dead deploy", "breadbox webhook dead deploy --json"),
    )
    .action(async (name: string, options: Options) => run((await load()).listDead(name, options)));
  addDataFlags(webhook.command("retry <NAME> [ID]"))
    .summary("send events again that were given up")
    .description(
      "Sends events again that were given up, with the ids that they had: one of them, or all. The server does it within a second.",
    )
    .addHelpText(
      "after",
      examples(
        "breadbox webhook retry deploy",
        "breadbox webhook retry deploy 01a1f7e6-0b1c-7f3a-9d24-6a0c3b1e7f55",
      ),
    )
    .action(async (name: string, id: string | undefined, options: Options) =>
      run((await load()).retryDead(name, id ?? null, options)),
    );
  addDataFlags(webhook.command("test <NAME>"))
    .summary("send a test")
    .description(
      "Lets the running server send an event of the type test, and reports how the receiver answered.",
    )
    .addHelpText("after", examples("breadbox webhook test deploy", "breadbox webhook test chat"))
    .action(async (name: string, options: Options) => run((await load()).testHook(name, options)));
}
