// Webhooks for administrators: how they are, and what was given up. Thin: the functions are those of `breadbox webhook`.
import { isoTime, timeOrNull } from "../../amounts.ts";
import {
  type HookState,
  listDeadLetters,
  listWebhooks,
  retryDeadLetters,
  testWebhook,
} from "../../webhooks/operate.ts";
import { json } from "../answers.ts";
import { failures, inside, jsonLike, sometimes } from "../docs/answers.ts";
import { text, uncachedHeader } from "../docs/gc.ts";
import {
  deploy,
  hookName,
  hookSchema,
  letter,
  letterId,
  letterSchema,
  lettersPage,
  oneLetter,
} from "../docs/webhooks.ts";
import { type Call, operation } from "../operation.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { pageHeaders, readLimit, uncached } from "./requests.ts";

const hooksPath = "/v1/webhooks";
const lettersPath = "/v1/webhooks/:hook/dead-letters";
const usualPage = 100;
const longestPage = 1000;

type Letter = Awaited<ReturnType<typeof listDeadLetters>>["letters"][number];

function printed({ name, info, waiting, dead, oldestAt }: HookState) {
  return {
    ...{ name, url: info?.url ?? null, format: info?.format ?? null },
    ...{ events: info?.topics ?? [], repositories: info?.repositories ?? [] },
    ...{ signed: info?.isSigned ?? false, waiting, dead },
    oldest_waiting_at: timeOrNull(oldestAt),
  };
}

function printedLetter({ id, event, resource, at, attempts, reason, endedAt, data }: Letter) {
  return {
    ...{ id, event, resource, at: isoTime(at), attempts, reason },
    ...{ given_up_at: isoTime(endedAt), data: JSON.parse(data) },
  };
}

async function list(_call: RequestContext, { webhooks }: Services): Promise<Response> {
  const found = await listWebhooks(webhooks);
  return json({ webhooks: found.map(printed) }, { headers: uncached });
}

async function listLetters(call: Call<typeof lettersPath>, { webhooks }: Services) {
  const query = queryOf(call);
  const limit = readLimit(query, { usual: usualPage, longest: longestPage });
  const { hook } = call.params;
  const page = { after: query.get("after"), limit };
  const { letters, more } = await listDeadLetters(webhooks, hook, page);
  const next = more ? (letters.at(-1)?.id ?? null) : null;
  const headers = pageHeaders(lettersPath.replace(":hook", hook), { limit }, next);
  return json({ dead_letters: letters.map(printedLetter), next }, { headers });
}

async function retry(call: Call<"/v1/webhooks/:hook/retry">, { webhooks }: Services) {
  const retried = await retryDeadLetters(webhooks, call.params.hook, queryOf(call).get("id"));
  return json({ retried }, { status: 202, headers: uncached });
}

async function test(call: Call<"/v1/webhooks/:hook/test">, { webhooks }: Services) {
  const id = await testWebhook(webhooks, call.params.hook);
  return json({ id }, { status: 202, headers: uncached });
}

const shared = { action: "operate", target: "server", tag: "operations" } as const;
const changing = ["CROSS_SITE", "DISK_FULL", "READ_ONLY", "BUSY", ...inside] as const;
const count = { type: "integer" as const };

/** `/v1/webhooks` and what is below it. */
export const webhookOperations = [
  ...operation({
    ...{ ...shared, id: "listWebhooks", method: "GET", path: hooksPath },
    needs: { right: "pull", on: "webhooks" },
    summary: "List webhooks",
    handle: list,
    doc: () => ({
      description:
        "The webhooks of the configuration, and those that are not configured any more and still have events. For administrators, and those to whom a rule gives `pull` on `server:webhooks`.",
      responses: {
        200: {
          description: "All of them.",
          headers: uncachedHeader,
          content: jsonLike(
            {
              type: "object",
              required: ["webhooks"],
              properties: { webhooks: { type: "array", items: hookSchema } },
            },
            { webhooks: [deploy] },
          ),
        },
        ...failures(...inside),
      },
    }),
  }),
  ...operation({
    ...{ ...shared, id: "listDeadLetters", method: "GET", path: lettersPath },
    needs: { right: "pull", on: "webhooks" },
    summary: "List events that were given up",
    handle: listLetters,
    doc: () => ({
      description: "Events that the receiver did not accept for a day, the oldest first.",
      parameters: [hookName, ...lettersPage],
      responses: {
        200: {
          description: "A page of dead letters.",
          headers: {
            ...uncachedHeader,
            Link: sometimes(
              "The next page, when there is one (RFC 8288).",
              `</v1/webhooks/deploy/dead-letters?limit=1&after=${letterId}>; rel="next"`,
            ),
          },
          content: jsonLike(
            {
              type: "object",
              required: ["dead_letters", "next"],
              properties: {
                dead_letters: { type: "array", items: letterSchema },
                next: { ...text, nullable: true, description: "`after` of the next page" },
              },
            },
            { dead_letters: [letter], next: null },
          ),
        },
        ...failures("WEBHOOK_UNKNOWN", "PAGE_INVALID", "REQUEST_INVALID", ...inside),
      },
    }),
  }),
  ...operation({
    ...{ ...shared, id: "retryDeadLetters", method: "POST", path: "/v1/webhooks/:hook/retry" },
    needs: { right: "admin", on: "webhooks" },
    summary: "Send dead letters again",
    handle: retry,
    doc: () => ({
      description: "They are sent with the ids that they had, for another day.",
      parameters: [hookName, oneLetter],
      responses: {
        202: {
          description: "They wait to be delivered: how many.",
          headers: uncachedHeader,
          content: jsonLike({ type: "object", properties: { retried: count } }, { retried: 1 }),
        },
        ...failures("WEBHOOK_UNKNOWN", "REQUEST_INVALID", ...changing),
      },
    }),
  }),
  ...operation({
    ...{ ...shared, id: "testWebhook", method: "POST", path: "/v1/webhooks/:hook/test" },
    needs: { right: "admin", on: "webhooks" },
    summary: "Send a test to a webhook",
    handle: test,
    doc: () => ({
      description:
        "Sends an event of the type `test`, whatever `events` says, as all others are sent. The list shows whether it waits.",
      parameters: [hookName],
      responses: {
        202: {
          description: "It waits to be delivered: its id.",
          headers: uncachedHeader,
          content: jsonLike({ type: "object", properties: { id: text } }, { id: letterId }),
        },
        ...failures("WEBHOOK_UNKNOWN", "REQUEST_INVALID", ...changing),
      },
    }),
  }),
];
