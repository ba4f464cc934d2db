// Deletions after a plan: the plan is read first, and what is deleted is what it said.
import { applyDeletion, type Deleted } from "../../images/apply.ts";
import { planDeletion } from "../../images/plan.ts";
import { printDeletion } from "../../images/printed.ts";
import type { Target } from "../../images/selection.ts";
import { readTarget } from "../../images/targets.ts";
import { logDeletion } from "../../telemetry/events.ts";
import { json } from "../answers.ts";
import { authorOf, whoAsked } from "../author.ts";
import { failures, inside, jsonBody, jsonLike, whileWriting } from "../docs/answers.ts";
import { deletionBody, deletionSchema, planExample } from "../docs/deletions.ts";
import { repository, tag } from "../docs/examples.ts";
import { uncachedHeader } from "../docs/gc.ts";
import { assertMay } from "../door.ts";
import { operation } from "../operation.ts";
import type { RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { viewerOf } from "../viewer.ts";
import { invalid, readBody, uncached } from "./requests.ts";

/** A thousand names of the longest kind. Bytes. */
const longestBody = 512 * 1024;

/** @throws RegistryError REQUEST_INVALID */
function parseTargets(texts: readonly string[]): readonly Target[] {
  if (texts.length === 0) throw invalid("targets must name something");
  return texts.map((text) => {
    const target = readTarget(text);
    if (target !== null) return target;
    throw invalid(
      `${JSON.stringify(text.slice(0, 300))} is neither a repository, nor REPO:TAG, nor REPO@DIGEST`,
    );
  });
}

async function remove(context: RequestContext, services: Services): Promise<Response> {
  const { images, pace } = services;
  const body = await readBody(context, deletionBody, { longest: longestBody, pace });
  const targets = parseTargets(body.targets);
  for (const name of new Set(targets.map((target) => target.repository))) {
    assertMay(context, "delete", { kind: "repository", repository: name });
  }
  if (body.plan === undefined) {
    const plan = await planDeletion(images, viewerOf(context), targets);
    return json(printDeletion(plan, null), { headers: uncached });
  }
  const deleted = await applyDeletion(images, {
    ...{ targets, plan: body.plan, by: authorOf(context) },
    onDeleted: (each) => noteDeletion(context, services, each),
  });
  return json(printDeletion(null, deleted), { headers: uncached });
}

/** Counts and logs. */
export function noteDeletion(
  context: RequestContext,
  { telemetry }: Services,
  deleted: Deleted,
): void {
  const { repository, reference, digest, tags } = deleted;
  const isTag = "tag" in reference;
  const kind = isTag ? "tag" : "manifest";
  telemetry.metrics.deleted(kind);
  logDeletion(telemetry.log, {
    ...whoAsked(context),
    ...{ kind, repository, digest, tags },
    reference: isTag ? reference.tag : digest,
  });
}

/** `/v1/deletions`. */
export const deletionOperations = operation({
  id: "deleteByPlan",
  method: "POST",
  path: "/v1/deletions",
  action: "delete",
  target: "server",
  needs: "body",
  tag: "manifests",
  summary: "Plan a deletion, or do what a plan said",
  handle: remove,
  doc: () => ({
    description:
      "Without `plan` nothing is deleted: the answer says what would be deleted, how many bytes come back, and what breaks. With the `id` of that plan exactly this is deleted; if something else would be deleted by now, the answer is 409 and nothing is. Tags are deleted alone, and their manifests stay; a manifest is deleted with its tags, with what only it names, and with what is about it; a repository with everything. A garbage collection deletes the bytes. Needs `delete` on each repository.",
    requestBody: jsonBody("What to delete, and the plan that was read.", deletionBody, {
      targets: [`${repository}:${tag}`],
    }),
    responses: {
      200: {
        description: "The plan, or what was deleted.",
        headers: uncachedHeader,
        content: jsonLike(deletionSchema, planExample),
      },
      ...failures(
        ...(["REQUEST_INVALID", "PLAN_CHANGED", "TAG_IMMUTABLE", "DELETE_DISABLED"] as const),
        ...(["BODY_TOO_LARGE", "BODY_TOO_SLOW", "ENCODING_UNSUPPORTED"] as const),
        ...whileWriting,
        ...inside,
      ),
    },
  }),
});
