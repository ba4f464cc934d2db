// What keeps a blob or a manifest, for operators. Thin: the function is that of `breadbox why`.
import { explainContent } from "../../fsck/why.ts";
import { printAnswer } from "../../fsck/whyPrinted.ts";
import { json } from "../answers.ts";
import { failures, inside, jsonLike } from "../docs/answers.ts";
import { uncachedHeader } from "../docs/gc.ts";
import { explanationExample, explanationSchema } from "../docs/why.ts";
import { operation } from "../operation.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { invalid, uncached } from "./requests.ts";

async function explain(call: RequestContext, { why }: Services): Promise<Response> {
  const name = queryOf(call).get("name");
  if (name === null) throw invalid("name is missing");
  return json(printAnswer(name, await explainContent(why, name)), { headers: uncached });
}

/** `/v1/why`. */
export const whyOperations = operation({
  id: "explainContent",
  method: "GET",
  path: "/v1/why",
  action: "operate",
  target: "server",
  needs: { right: "pull", on: "gc" },
  tag: "operations",
  summary: "Ask what keeps an image, a manifest or a blob",
  handle: explain,
  doc: () => ({
    description:
      "The paths from a tag, the objects, the lease or the push that keep content; of unused content since when nothing does, and when it will be deleted. For those who may `pull` on `server:gc`: the answer names repositories and buckets.",
    parameters: [
      {
        ...({ in: "query", name: "name", required: true } as const),
        description: "`REPO:TAG`, `REPO@DIGEST`, a digest, or its first 8 or more digits.",
        schema: { type: "string" },
        example: "team/app:1.0",
      },
    ],
    responses: {
      200: {
        description: "What keeps it.",
        headers: uncachedHeader,
        content: jsonLike(explanationSchema, explanationExample),
      },
      ...failures("REQUEST_INVALID", "CONTENT_UNKNOWN", ...inside),
    },
  }),
});
