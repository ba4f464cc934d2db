// The first page. Programs that ask for `/` are answered as for any address that is none.

import { RegistryError } from "../../errors.ts";
import { listRepositoryRows } from "../../images/repositories.ts";
import { backupWarnings } from "../../images/status.ts";
import type { StoreFacts } from "../../pages/home.tsx";
import { acceptsHtml } from "../headers.ts";
import { operation } from "../operation.ts";
import type { RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { visibleBuckets } from "../v1/buckets.ts";
import { viewerOf } from "../viewer.ts";
import { framed, sendPage } from "./answer.ts";

/** Rows of each table. */
const rows = 12;
const latest = { search: null, sort: "pushed", isDescending: true, after: null } as const;

async function home(call: RequestContext, services: Services): Promise<Response> {
  if (!acceptsHtml(call.request.headers)) throw new RegistryError("ROUTE_UNKNOWN");
  const viewer = viewerOf(call);
  const [repositories, buckets, store] = await Promise.all([
    listRepositoryRows(services.images, viewer, { ...latest, limit: rows }),
    visibleBuckets(call, services, { after: null, limit: rows }),
    viewer.seesSharing ? readStore(services) : null,
  ]);
  const { homePage } = await import("../../pages/home.tsx");
  return sendPage(
    homePage(await framed(call, services), {
      repositories,
      buckets,
      store,
      isReadOnly: services.readOnly,
    }),
  );
}

/** What operators want to know first. */
async function readStore({
  images,
  registry,
  gcRuns,
  checks,
  latch,
  status,
}: Services): Promise<StoreFacts> {
  const [{ kept }, space, runs, refusals, standingCheck] = await Promise.all([
    images.book.read(),
    registry.storage.space().catch(() => null),
    gcRuns.list({ after: null, limit: 20 }),
    gcRuns.findRefusals(),
    checks.findStanding(),
  ]);
  const backups = await status.backups();
  const ended = runs.runs.filter(({ state, dryRun }) => state !== "running" && !dryRun);
  return {
    ...{ kept, space, refusals, standingCheck },
    lastRun: ended[0] ?? null,
    backups,
    backupWarnings: backupWarnings(backups).map(({ text }) => text),
    isBroken: !isWritable(latch),
  };
}

function isWritable(latch: Services["latch"]): boolean {
  try {
    latch.assertWritable();
    return true;
  } catch {
    return false;
  }
}

/** `/`. */
export const homeOperations = operation({
  id: "getHome",
  method: "GET",
  path: "/",
  action: "read",
  target: "server",
  needs: "own",
  tag: "operations",
  summary: "The first page",
  doc: null,
  handle: home,
});
