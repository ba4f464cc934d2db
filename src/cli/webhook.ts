// `breadbox webhook`: parse, call one function, print. While a server is running or without one.
import { isoTime, timeOrNull } from "../amounts.ts";
import { RegistryError } from "../errors.ts";
import type { Tool } from "../tool.ts";
import { exitCode } from "./exitCode.ts";
import { complain, print, printJson } from "./print.ts";
import type { Options } from "./settingFlags.ts";
import { deadText, hooksText } from "./webhookText.ts";
import { withTool } from "./withTool.ts";

const pageSize = 1_000;

/** @throws ConfigError */
export function listHooks(options: Options): Promise<number> {
  return withTool(options, async ({ webhooks }) => {
    const found = await webhooks.list();
    if (options["json"] === true) {
      printJson({
        webhooks: found.map(({ name, info, waiting, dead, oldestAt }) => ({
          ...{ name, url: info?.url ?? null, format: info?.format ?? null },
          ...{ events: info?.topics ?? [], repositories: info?.repositories ?? [] },
          ...{ signed: info?.isSigned ?? false, waiting, dead },
          oldestWaitingAt: timeOrNull(oldestAt),
        })),
      });
    } else print(hooksText(found));
    return exitCode.done;
  });
}

/** @throws ConfigError */
export function listDead(name: string, options: Options): Promise<number> {
  return withTool(options, async ({ webhooks }) => {
    const letters = await collect(webhooks, name);
    if (options["json"] === true) {
      printJson({
        deadLetters: letters.map(
          ({ id, event, resource, at, attempts, reason, endedAt, data }) => ({
            ...{ id, event, resource, at: isoTime(at), attempts, reason },
            ...{ givenUpAt: isoTime(endedAt), data: JSON.parse(data) },
          }),
        ),
      });
    } else print(deadText(letters));
    return exitCode.done;
  });
}

async function collect(webhooks: Tool["webhooks"], name: string) {
  const letters: Awaited<ReturnType<Tool["webhooks"]["listDead"]>>["letters"][number][] = [];
  for (let after: string | null = null; ; ) {
    const page: Awaited<ReturnType<Tool["webhooks"]["listDead"]>> = await webhooks.listDead(name, {
      ...{ after, limit: pageSize },
    });
    letters.push(...page.letters);
    after = page.letters.at(-1)?.id ?? null;
    if (!page.more) return letters;
  }
}

/** @throws ConfigError */
export function retryDead(name: string, id: string | null, options: Options): Promise<number> {
  return withTool(options, ({ webhooks }) =>
    ofKnown(name, async () => {
      const count = await webhooks.retry(name, id);
      print(count === 0 ? "There is nothing to send again." : `Sent again soon: ${count}.`);
      return count === 0 && id !== null ? exitCode.failed : exitCode.done;
    }),
  );
}

/** @throws ConfigError */
export function testHook(name: string, options: Options): Promise<number> {
  return withTool(options, ({ webhooks }) =>
    ofKnown(name, async () => {
      const outcome = await webhooks.test(name);
      if (outcome.kind === "delivered") {
        print(`${name} accepted the test.`);
        return exitCode.done;
      }
      complain(
        outcome.kind === "refused"
          ? `${name} did not accept the test: ${outcome.reason}.`
          : `No server sent the test. Is one running that has the webhook ${name}, or is the receiver left alone for a minute because it failed?`,
      );
      return exitCode.failed;
    }),
  );
}

/** A name that is not configured is a mistake of the person who typed it. */
async function ofKnown(name: string, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RegistryError && error.situation === "WEBHOOK_UNKNOWN")) throw error;
    complain(`There is no webhook ${name} in the configuration. breadbox webhook ls lists them.`);
    return exitCode.failed;
  }
}
