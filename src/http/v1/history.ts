// Who pushed a tag or a manifest, and from which commit.

import { everything } from "../../access/rights.ts";
import { isoTime } from "../../amounts.ts";
import type { StoredPush } from "../../metadata/history.ts";
import { listPushes } from "../../registry/history.ts";
import { json } from "../answers.ts";
import { failures, inRepository, inside, jsonLike } from "../docs/answers.ts";
import { uncachedHeader } from "../docs/gc.ts";
import { historyExample, historySchema } from "../docs/history.ts";
import { name, reference } from "../docs/parameters.ts";
import { type Call, operation } from "../operation.ts";
import type { Services } from "../services.ts";
import { uncached } from "./requests.ts";

const address = "/v1/repositories/:name/history/:reference";

async function list(call: Call<typeof address>, { registry }: Services): Promise<Response> {
  const { params, rights } = call;
  const pushes = await listPushes(registry, params.name, params.reference);
  // Names of people are not for everybody who may pull a public image.
  const isStranger = rights !== everything && rights.principal.kind === "anonymous";
  const body = { name: params.name, pushes: pushes.map((push) => printed(push, isStranger)) };
  return json(body, { headers: uncached });
}

function printed({ digest, tag, pushedAt, pushedBy, origin }: StoredPush, isStranger: boolean) {
  return {
    ...{ digest, tag, pushed_at: isoTime(pushedAt) },
    pushed_by: isStranger ? null : pushedBy,
    origin: origin === null ? null : { ...origin, actor: isStranger ? null : origin.actor },
  };
}

/** `/v1/repositories/<name>/history/<reference>`. */
export const historyOperations = [
  ...operation({
    id: "listPushes",
    method: "GET",
    path: address,
    action: "pull",
    target: "repository",
    needs: { right: "pull", on: "repository" },
    tag: "tags",
    summary: "List the pushes of a tag or a manifest",
    handle: list,
    doc: () => ({
      description:
        "The pushes of a tag, or of a manifest by digest, the latest first: when, by whom, and what the ID token of a CI job said of its repository, ref, commit and run. Of a tag the latest hundred are kept; a push is forgotten when its manifest is deleted. Callers without a login see no names of people.",
      parameters: [name, reference],
      responses: {
        200: {
          description: "The pushes.",
          headers: uncachedHeader,
          content: jsonLike(historySchema, historyExample),
        },
        ...failures("MANIFEST_UNKNOWN", ...inRepository, ...inside),
      },
    }),
  }),
];
