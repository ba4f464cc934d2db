// The garbage collection for operators: ask for a run, look at the runs. Thin: read the request, ask the room, print the run.
import { Elysia } from "elysia";
import type { Collections, RunsPage } from "../../gc/collections.ts";
import { json } from "../answers.ts";
import type { Pace } from "../body.ts";
import { matchOf, queryOf, type Visit, visitOf } from "../visit.ts";
import { assertMembers, known } from "./known.ts";
import {
  invalid,
  isoTime,
  type Members,
  pageHeaders,
  readLimit,
  readMembers,
  uncached,
} from "./requests.ts";

/** What these routes call. */
export interface GcRoutesDeps {
  readonly collections: Pick<Collections, "request" | "find" | "list">;
  readonly pace: Pace;
}

type Run = Awaited<ReturnType<Collections["find"]>>;

const runsPath = "/v1/gc/runs";
/** Largest body in bytes: two members need far less. */
const longestBody = 4096;
/** Longest `min_age` in seconds: ten years, as in the configuration. */
const longestAge = 3650 * 24 * 3600;
const runId = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
const usualPage = 50;
const longestPage = 500;

/** A run as this API prints it: times in ISO 8601, sizes in bytes. */
function printed({ id, trigger, dryRun, state, startedAt, finishedAt, counts, reason }: Run) {
  return {
    id,
    state,
    trigger,
    dry_run: dryRun,
    started_at: isoTime(startedAt),
    finished_at: finishedAt === null ? null : isoTime(finishedAt),
    total_blobs: counts.totalBlobs,
    referenced_blobs: counts.referencedBlobs,
    orphaned_blobs: counts.orphanedBlobs,
    orphaned_bytes: counts.orphanedBytes,
    deleted_blobs: counts.deletedBlobs,
    deleted_bytes: counts.deletedBytes,
    deleted_manifests: counts.deletedManifests,
    deleted_links: counts.deletedLinks,
    reason,
  };
}

/** @throws RegistryError REQUEST_INVALID for anything but `dry_run` and `min_age`. */
function readRequest(members: Members | null): Parameters<Collections["request"]>[0] {
  if (members === null) return { dryRun: false };
  assertMembers(members, known.startGc.body);
  const { dry_run: dryRun = false, min_age: minAge = null } = members;
  if (typeof dryRun !== "boolean") throw invalid("dry_run must be true or false");
  return minAge === null ? { dryRun } : { dryRun, minAgeMs: readAge(minAge) };
}

function readAge(minAge: unknown): number {
  const valid = typeof minAge === "number" && minAge >= 0 && minAge <= longestAge;
  if (!valid) throw invalid(`min_age must be a number of seconds from 0 to ${longestAge}`);
  return Math.round(minAge * 1000);
}

/** @throws RegistryError PAGE_INVALID, REQUEST_INVALID. */
function readPage(query: URLSearchParams): RunsPage {
  const after = query.get("after");
  if (after !== null && !runId.test(after)) throw invalid("after must be the id of a run");
  return { after, limit: readLimit(query, { usual: usualPage, longest: longestPage }) };
}

async function start({ collections, pace }: GcRoutesDeps, visit: Visit): Promise<Response> {
  const members = await readMembers(visit, { longest: longestBody, pace });
  const run = await collections.request(readRequest(members));
  return json(printed(run), {
    status: 202,
    headers: { ...uncached, location: `${runsPath}/${run.id}` },
  });
}

async function list({ collections }: GcRoutesDeps, request: Request): Promise<Response> {
  const page = readPage(queryOf(request));
  const { runs, more } = await collections.list(page);
  const next = more ? (runs.at(-1)?.id ?? null) : null;
  const headers = pageHeaders(runsPath, { limit: page.limit }, next);
  return json({ runs: runs.map(printed), next }, { headers });
}

async function find({ collections }: GcRoutesDeps, request: Request): Promise<Response> {
  const { runId } = matchOf(request, "/v1/gc/runs/:runId");
  return json(printed(await collections.find(runId)), { headers: uncached });
}

/** `POST /v1/gc`, `GET /v1/gc/runs` and `GET /v1/gc/runs/<id>`; the server drops the body of an answer to HEAD. */
export const gcRoutes = (deps: GcRoutesDeps) => {
  const tags = ["operations"];
  const listed = { tags, summary: "List garbage collections" };
  const found = { tags, summary: "How did a garbage collection go?" };
  return new Elysia({ name: "v1.gc" })
    .post("/v1/gc", ({ request }) => start(deps, visitOf(request)), {
      parse: "none",
      detail: { operationId: "startGc", tags, summary: "Collect garbage" },
    })
    .get("/v1/gc/runs", ({ request }) => list(deps, request), {
      detail: { ...listed, operationId: "listGcRuns" },
    })
    .head("/v1/gc/runs", ({ request }) => list(deps, request), {
      detail: { ...listed, operationId: "headGcRuns" },
    })
    .get("/v1/gc/runs/:runId", ({ request }) => find(deps, request), {
      detail: { ...found, operationId: "getGcRun" },
    })
    .head("/v1/gc/runs/:runId", ({ request }) => find(deps, request), {
      detail: { ...found, operationId: "headGcRun" },
    });
};
