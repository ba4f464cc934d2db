// Server-sent events for pages that live. Only states are sent, never a history: who comes later misses nothing.
import type { Checks } from "../../fsck/checks.ts";
import type { GcRuns } from "../../gc/runs.ts";
import type { ObjectsDeps } from "../../objects/deps.ts";
import { listOpenParts } from "../../objects/operate.ts";
import { failures } from "../docs/answers.ts";
import { text, uncachedHeader } from "../docs/gc.ts";
import { LiveFeed, type Readers, type Topic, topics } from "../liveFeed.ts";
import { operation } from "../operation.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { tellChecks } from "./checks.ts";
import { invalid, uncached } from "./requests.ts";
import { openUploads, type UploadServices } from "./uploads.ts";

/** Most uploads that are told of. */
const mostUploads = 200;

/** The feed of a server. */
export function makeFeed(
  services: UploadServices & {
    readonly objects: Pick<ObjectsDeps, "multipartLife" | "clock">;
    readonly gcRuns: Pick<GcRuns, "list">;
    readonly checks: Pick<Checks, "listCurrent">;
  },
): LiveFeed {
  const readers: Readers = {
    uploads: async () => {
      const { uploads } = await openUploads(services, { after: null, limit: mostUploads });
      const parts = await listOpenParts(services.objects, { after: null, limit: mostUploads });
      return [
        ...uploads.map(({ id, bytes, arriving, writing }) => ({
          ...{ id, bytes: bytes + arriving, writing },
        })),
        ...parts.uploads.map(({ id, bytes, parts: count, completing }) => ({
          ...{ id, bytes, writing: completing, parts: count },
        })),
      ];
    },
    gc: async () => {
      const { runs } = await services.gcRuns.list({ after: null, limit: 1 });
      return runs.map(({ id, state }) => ({ id, state }));
    },
    checks: async () => tellChecks(await services.checks.listCurrent()),
  };
  return new LiveFeed(readers);
}

/** @throws RegistryError REQUEST_INVALID */
function readTopics(call: RequestContext): readonly Topic[] {
  const asked = (queryOf(call).get("topics") ?? "").split(",");
  const known = topics.filter((topic) => asked.includes(topic));
  if (known.length !== asked.length) throw invalid(`topics must be some of ${topics.join(",")}`);
  return known;
}

const headers = {
  ...uncached,
  "content-type": "text/event-stream",
  // nginx would keep events until its buffer is full.
  "x-accel-buffering": "no",
};

async function listen(call: RequestContext, { feed }: Services): Promise<Response> {
  return new Response(feed.open(readTopics(call)), { headers });
}

const events = {
  description: "The events.",
  headers: uncachedHeader,
  content: {
    "text/event-stream": {
      schema: text,
      example: 'event: gc\ndata: [{"id":"01a1…","state":"done"}]\n\n',
    },
  },
};

/** `/v1/events`. */
export const eventOperations = operation({
  id: "getEvents",
  method: "GET",
  path: "/v1/events",
  action: "operate",
  target: "server",
  needs: { right: "pull", on: "gc" },
  tag: "operations",
  summary: "Listen to uploads, collections and checks",
  handle: listen,
  head: {
    // It opens no stream.
    responses: () => ({ 200: events, ...failures("REQUEST_INVALID") }),
    handle: (call) => {
      readTopics(call);
      return new Response(null, { headers });
    },
  },
  doc: () => ({
    description:
      "Server-sent events: the open uploads (`uploads`), the latest collection (`gc`), and checks that run with the latest one (`checks`), each as it is now, again whenever it has changed. A stream ends after a minute, and browsers open the next one, with the rights that they have by then. 64 streams at a time.",
    parameters: [
      {
        ...({ in: "query", required: true } as const),
        ...{ name: "topics", example: "uploads", schema: text },
        description: "What to listen to: `uploads`, `gc` and `checks`, with commas in between.",
      },
    ],
    responses: {
      200: events,
      ...failures("REQUEST_INVALID", "BUSY"),
    },
  }),
});
