// The garbage collection for operators: ask for a run, look at the runs. Thin: read the request, ask the room, print the run.
import { Elysia } from "elysia";
import { RegistryError } from "../../errors.ts";
import type { Collections, RunRequest, RunsPage } from "../../maintenance/collections.ts";
import { json } from "../answers.ts";
import { openBody, type Pace } from "../body.ts";
import { assertNotEncoded } from "../headers.ts";
import { matchOf, queryOf, type Visit, visitOf } from "../visit.ts";

/** What these routes call. */
export interface GcRoutesDeps {
  readonly collections: Pick<Collections, "request" | "find" | "list">;
  readonly pace: Pace;
}

type Run = Awaited<ReturnType<Collections["find"]>>;

const runsPath = "/v1/gc/runs";
/** Largest body in bytes: two members need far less. */
const longestBody = 4096;
/** Longest `minAge` in seconds: ten years, as in the configuration. */
const longestAge = 3650 * 24 * 3600;
const usualPage = 50;
const longestPage = 500;
const uncached = { "cache-control": "no-store" };

const time = (ms: number): string => new Date(ms).toISOString();

/** A run as this API prints it: times in ISO 8601, sizes in bytes. */
function printed({ id, trigger, dryRun, state, startedAt, finishedAt, counts, reason }: Run) {
  return {
    id,
    state,
    trigger,
    dry_run: dryRun,
    started_at: time(startedAt),
    finished_at: finishedAt === null ? null : time(finishedAt),
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

function invalid(message: string): RegistryError {
  return new RegistryError("REQUEST_INVALID", { message });
}

/** @throws RegistryError REQUEST_INVALID for anything but an object with `dryRun` and `minAge`. */
function readRequest(text: string): RunRequest {
  if (text.trim() === "") return { dryRun: false, minAgeMs: null };
  const members = parseObject(text);
  const unknown = Object.keys(members).find((name) => name !== "dryRun" && name !== "minAge");
  if (unknown !== undefined) {
    throw invalid(`there is no ${JSON.stringify(unknown.slice(0, 100))}: only dryRun and minAge`);
  }
  const { dryRun = false, minAge = null } = members;
  if (typeof dryRun !== "boolean") throw invalid("dryRun must be true or false");
  return { dryRun, minAgeMs: minAge === null ? null : readAge(minAge) };
}

function readAge(minAge: unknown): number {
  const valid = typeof minAge === "number" && minAge >= 0 && minAge <= longestAge;
  if (!valid) throw invalid(`minAge must be a number of seconds from 0 to ${longestAge}`);
  return Math.round(minAge * 1000);
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid("the body must be a JSON object, or absent");
  }
  return { ...value };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid("the body is not JSON");
  }
}

/** @throws RegistryError PAGE_INVALID */
function readPage(query: URLSearchParams): RunsPage {
  const [text, ...others] = query.getAll("limit");
  const after = query.get("after");
  if (text === undefined) return { after, limit: usualPage };
  if (others.length > 0 || !/^[1-9][0-9]*$/.test(text)) {
    throw new RegistryError("PAGE_INVALID", {
      message: "limit must be a whole number, 1 or larger",
    });
  }
  return { after, limit: Math.min(Number(text), longestPage) };
}

async function start({ collections, pace }: GcRoutesDeps, visit: Visit): Promise<Response> {
  assertNotEncoded(visit.request.headers);
  const chunks: Uint8Array[] = [];
  for await (const chunk of openBody(visit, longestBody, pace) ?? []) chunks.push(chunk);
  const run = await collections.request(readRequest(Buffer.concat(chunks).toString()));
  return json(printed(run), {
    status: 202,
    headers: { ...uncached, location: `${runsPath}/${run.id}` },
  });
}

async function list({ collections }: GcRoutesDeps, request: Request): Promise<Response> {
  const page = readPage(queryOf(request));
  const { runs, more } = await collections.list(page);
  const last = runs.at(-1)?.id;
  const next = more && last !== undefined;
  return json(
    { runs: runs.map(printed) },
    {
      headers: {
        ...uncached,
        ...(next && { link: `<${runsPath}?limit=${page.limit}&after=${last}>; rel="next"` }),
      },
    },
  );
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
