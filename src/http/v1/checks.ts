// Checks of the store for operators: begin one, list them. Thin: read the request, call the room, print the check.
import { printCheck, printSummary } from "../../fsck/printedChecks.ts";
import type { CheckSummary } from "../../metadata/checks.ts";
import { json } from "../answers.ts";
import { always, failures, inside, jsonBody, jsonLike } from "../docs/answers.ts";
import {
  begun,
  checkSchema,
  ended,
  options,
  summaryExample,
  summarySchema,
} from "../docs/checks.ts";
import { checkId as exampleCheck } from "../docs/examples.ts";
import { uncachedHeader } from "../docs/gc.ts";
import { pageAnswer } from "../docs/listed.ts";
import { afterId, limit as limitParameter } from "../docs/objectStore.ts";
import { check as checkParameter } from "../docs/parameters.ts";
import { type Call, operation } from "../operation.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { runIdIn } from "./gc.ts";
import { pageHeaders, readLimit, readOptionalBody, uncached } from "./requests.ts";

const checksPath = "/v1/checks";
const address = "/v1/checks/:checkId";
/** Largest body in bytes: one member needs far less. */
const longestBody = 4096;
const usualPage = 50;
const longestPage = 200;

/** What listeners are told: checks that run, with how far they are, and the latest. */
export const tellChecks = (newest: readonly CheckSummary[]) =>
  newest
    .filter(({ state }, index) => index === 0 || state === "running")
    .map(({ id, state, progress }) => ({ id, state, ...progress }));

async function start(context: RequestContext, { checks, pace }: Services): Promise<Response> {
  const body = await readOptionalBody(context, options, { longest: longestBody, pace });
  const run = await checks.request({ full: body?.full ?? false });
  const headers = { ...uncached, location: `${checksPath}/${run.id}` };
  return json(printCheck(run), { status: 202, headers });
}

async function list(call: RequestContext, { checks }: Services): Promise<Response> {
  const query = queryOf(call);
  const limit = readLimit(query, { usual: usualPage, longest: longestPage });
  const { checks: found, more } = await checks.list({ after: runIdIn(query, "check"), limit });
  const next = more ? (found.at(-1)?.id ?? null) : null;
  const headers = pageHeaders(checksPath, { limit }, next);
  return json({ checks: found.map(printSummary), next }, { headers });
}

async function find(call: Call<typeof address>, { checks }: Services): Promise<Response> {
  return json(printCheck(await checks.find(call.params.checkId)), { headers: uncached });
}

const forOperators = { action: "operate", target: "server", tag: "operations" } as const;

/** `/v1/checks`. */
export const checkOperations = [
  ...operation({
    ...{ ...forOperators, id: "startCheck", method: "POST", path: checksPath },
    needs: { right: "admin", on: "gc" },
    summary: "Check the store",
    handle: start,
    doc: () => ({
      description:
        "Compares the database with the stored files, as `breadbox fsck` does, while pushes and pulls are running. It changes nothing: `breadbox fsck --repair` repairs. The answer is immediate; its `Location` is the address of the check. One check runs at a time.",
      requestBody: jsonBody("How much is read; may be absent.", options, { full: false }, false),
      responses: {
        202: {
          description: "The check has begun.",
          headers: {
            ...uncachedHeader,
            Location: always("Address of the check.", `${checksPath}/${exampleCheck}`),
          },
          content: jsonLike(checkSchema, begun),
        },
        ...failures(
          ...([
            "REQUEST_INVALID",
            "BODY_TOO_LARGE",
            "BODY_TOO_SLOW",
            "ENCODING_UNSUPPORTED",
          ] as const),
          ...(["CHECK_RUNNING", "CROSS_SITE", "DISK_FULL", "READ_ONLY", "BUSY"] as const),
          ...inside,
        ),
      },
    }),
  }),
  ...operation({
    ...{ ...forOperators, id: "listChecks", method: "GET", path: checksPath },
    needs: { right: "pull", on: "gc" },
    summary: "List checks of the store",
    handle: list,
    doc: () => ({
      description:
        "The latest 200 checks, the latest first: `breadbox fsck`, checks by `POST`, and passes of the scrub, which reads every stored byte by schedule.",
      parameters: [limitParameter(50, "200 is the largest page"), afterId("id")],
      responses: {
        200: pageAnswer({
          member: "checks",
          schema: summarySchema,
          example: summaryExample,
          path: checksPath,
          after: exampleCheck,
        }),
        ...failures("PAGE_INVALID", "REQUEST_INVALID", ...inside),
      },
    }),
  }),
  ...operation({
    ...{ ...forOperators, id: "getCheck", method: "GET", path: address },
    needs: { right: "pull", on: "gc" },
    summary: "Get a check of the store",
    handle: find,
    doc: () => ({
      description:
        "One check with its first 50 findings, problems first: ask again until `state` is no longer `running`.",
      parameters: [checkParameter],
      responses: {
        200: {
          description: "The check.",
          headers: uncachedHeader,
          content: jsonLike(checkSchema, ended),
        },
        ...failures("CHECK_UNKNOWN", "PATH_INVALID", ...inside),
      },
    }),
  }),
];
