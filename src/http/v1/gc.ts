// The garbage collection for operators: start a run, list the runs. Thin: read the request, call the room, print the run.
import { printRun } from "../../gc/printedRuns.ts";
import type { RunsPage } from "../../gc/runs.ts";
import { json } from "../answers.ts";
import { always, failures, inside, jsonBody, jsonLike } from "../docs/answers.ts";
import { runId as exampleRun } from "../docs/examples.ts";
import { begun, ended, options, runSchema, uncachedHeader } from "../docs/gc.ts";
import { pageAnswer } from "../docs/listed.ts";
import { run as runParameter, runsPage } from "../docs/parameters.ts";
import { type Call, operation } from "../operation.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { invalid, pageHeaders, readLimit, readOptionalBody, uncached } from "./requests.ts";

const runsPath = "/v1/gc/runs";
/** Largest body in bytes: two members need far less. */
const longestBody = 4096;
const runId = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
const usualPage = 50;
const longestPage = 500;

/** The run that a page begins after; null for none. @param what a run is called. @throws RegistryError REQUEST_INVALID */
export function runIdIn(query: URLSearchParams, what = "run"): string | null {
  const after = query.get("after");
  if (after !== null && !runId.test(after)) throw invalid(`after must be the id of a ${what}`);
  return after;
}

/** @throws RegistryError PAGE_INVALID, REQUEST_INVALID. */
function readPage(query: URLSearchParams): RunsPage {
  return {
    after: runIdIn(query),
    limit: readLimit(query, { usual: usualPage, longest: longestPage }),
  };
}

/** @param seconds with fractions. */
const msOf = (seconds: number | undefined): number | null =>
  seconds === undefined ? null : Math.round(seconds * 1000);

async function start(context: RequestContext, { gcRuns, pace }: Services): Promise<Response> {
  const body = await readOptionalBody(context, options, { longest: longestBody, pace });
  const { dry_run: dryRun = false, min_age: minAge, untagged = false } = body ?? {};
  const olderThan = body?.older_than;
  if (olderThan !== undefined && !untagged)
    throw invalid("older_than is about manifests without a tag: add untagged");
  const run = await gcRuns.request({
    dryRun,
    minAgeMs: msOf(minAge),
    untaggedOlderThanMs: untagged ? (msOf(olderThan) ?? "usual") : null,
  });
  return json(printRun(run), {
    status: 202,
    headers: { ...uncached, location: `${runsPath}/${run.id}` },
  });
}

async function list(call: RequestContext, { gcRuns }: Services): Promise<Response> {
  const page = readPage(queryOf(call));
  const { runs, more } = await gcRuns.list(page);
  const next = more ? (runs.at(-1)?.id ?? null) : null;
  const headers = pageHeaders(runsPath, { limit: page.limit }, next);
  return json({ runs: runs.map(printRun), next }, { headers });
}

async function find(call: Call<"/v1/gc/runs/:runId">, { gcRuns }: Services): Promise<Response> {
  const { runId } = call.params;
  return json(printRun(await gcRuns.find(runId)), { headers: uncached });
}

/** `/v1/gc`, `/v1/gc/runs` and `/v1/gc/runs/<id>`. */
export const gcOperations = [
  ...operation({
    id: "startGc",
    method: "POST",
    path: "/v1/gc",
    action: "operate",
    target: "server",
    needs: { right: "admin", on: "gc" },
    tag: "operations",
    summary: "Collect garbage",
    handle: start,
    doc: () => ({
      description:
        "Starts a garbage collection, which deletes unused blobs while pushes and pulls are running. The answer is immediate; its `Location` is the address of the run. `gc.brake`, `registry.readOnly` and `registry.delete` do not apply. Use `dry_run` to see first what would be deleted.",
      requestBody: jsonBody(
        "The options that differ from the configuration; may be absent.",
        options,
        { dry_run: true },
        false,
      ),
      responses: {
        202: {
          description: "The run has begun.",
          headers: {
            ...uncachedHeader,
            Location: always("Address of the run.", `/v1/gc/runs/${exampleRun}`),
          },
          content: jsonLike(runSchema, begun),
        },
        ...failures(
          ...([
            "REQUEST_INVALID",
            "BODY_TOO_LARGE",
            "BODY_TOO_SLOW",
            "ENCODING_UNSUPPORTED",
          ] as const),
          ...(["GC_RUNNING", "CROSS_SITE", "DISK_FULL", "READ_ONLY", "BUSY"] as const),
          ...inside,
        ),
      },
    }),
  }),
  ...operation({
    id: "listGcRuns",
    method: "GET",
    path: "/v1/gc/runs",
    action: "operate",
    target: "server",
    needs: { right: "pull", on: "gc" },
    tag: "operations",
    summary: "List garbage collections",
    handle: list,
    doc: () => ({
      description:
        "The latest 500 runs, the latest first: runs by schedule, by `POST` and by `breadbox gc`.",
      parameters: runsPage,
      responses: {
        200: pageAnswer({
          member: "runs",
          schema: runSchema,
          example: ended,
          path: runsPath,
          after: exampleRun,
        }),
        ...failures("PAGE_INVALID", "REQUEST_INVALID", ...inside),
      },
    }),
  }),
  ...operation({
    id: "getGcRun",
    method: "GET",
    path: "/v1/gc/runs/:runId",
    action: "operate",
    target: "server",
    needs: { right: "pull", on: "gc" },
    tag: "operations",
    summary: "Get a garbage collection",
    handle: find,
    doc: () => ({
      description: "One run: ask again until `state` is no longer `running`.",
      parameters: [runParameter],
      responses: {
        200: {
          description: "The run.",
          headers: uncachedHeader,
          content: jsonLike(runSchema, ended),
        },
        ...failures("GC_RUN_UNKNOWN", "PATH_INVALID", ...inside),
      },
    }),
  }),
];
