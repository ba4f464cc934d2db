// How the server is, and what its space is used for: for operators and their tools.
import { printStatus, printUsage } from "../../images/printed.ts";
import { readStatus } from "../../images/status.ts";
import { json } from "../answers.ts";
import { failures, inside, jsonLike } from "../docs/answers.ts";
import { uncachedHeader } from "../docs/gc.ts";
import { statusExample, statusSchema, usageExample, usageSchema } from "../docs/status.ts";
import { operation } from "../operation.ts";
import type { RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { uncached } from "./requests.ts";

async function usage(_: RequestContext, { images }: Services): Promise<Response> {
  return json(printUsage(await images.usage.read()), { headers: uncached });
}

async function status(_: RequestContext, { images, status: sources }: Services): Promise<Response> {
  return json(printStatus(await readStatus({ ...images, ...sources })), { headers: uncached });
}

const forOperators = {
  ...({ method: "GET", action: "operate", target: "server", tag: "operations" } as const),
  needs: { right: "pull", on: "gc" },
} as const;

/** `/v1/usage` and `/v1/status`. */
export const statusOperations = [
  ...operation({
    ...forOperators,
    id: "getUsage",
    path: "/v1/usage",
    summary: "Get what the space is used for",
    handle: usage,
    doc: () => ({
      description:
        "Stored bytes by what holds them, and by repository. In a large store it was counted up to a minute ago, at `counted_at`. For those who may `pull` on `server:gc`.",
      responses: {
        200: {
          description: "The use of space.",
          headers: uncachedHeader,
          content: jsonLike(usageSchema, usageExample),
        },
        ...failures(...inside),
      },
    }),
  }),
  ...operation({
    ...forOperators,
    id: "getStatus",
    path: "/v1/status",
    summary: "Get how the server is",
    handle: status,
    doc: () => ({
      description:
        "Who gets in, what is stored, the space that is left, open uploads, the last garbage collection and backup, and warnings. For those who may `pull` on `server:gc`.",
      responses: {
        200: {
          description: "The status.",
          headers: uncachedHeader,
          content: jsonLike(statusSchema, statusExample),
        },
        ...failures(...inside),
      },
    }),
  }),
];
