// A deletion: the plan as a page, then what it said.
import { RegistryError } from "../../errors.ts";
import { applyDeletion } from "../../images/apply.ts";
import { type DeletionPlan, planDeletion } from "../../images/plan.ts";
import type { Target } from "../../images/selection.ts";
import { type RepositoryName, readReference } from "../../model/names.ts";
import { authorOf } from "../author.ts";
import { type Call, operation } from "../operation.ts";
import { queryOf } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { noteDeletion } from "../v1/deletions.ts";
import { invalid } from "../v1/requests.ts";
import { viewerOf } from "../viewer.ts";
import { framed, seeOther, sendPage } from "./answer.ts";
import { readForm } from "./forms.ts";

const address = "/repositories/:name/-/deletion";
/** A thousand digests. Bytes. */
const longestForm = 256 * 1024;

/** @throws RegistryError REQUEST_INVALID */
function targetsOf(repository: RepositoryName, references: readonly string[]): readonly Target[] {
  if (references.length === 0) return [{ repository }];
  return references.map((text) => {
    const reference = readReference(text);
    if (reference === null) throw invalid(`${JSON.stringify(text)} is neither a tag nor a digest`);
    return { repository, ...reference };
  });
}

async function show(call: Call<typeof address>, services: Services): Promise<Response> {
  return showPlan(call, services, queryOf(call).getAll("reference"), false);
}

async function showPlan(
  call: Call<typeof address>,
  services: Services,
  references: readonly string[],
  hasChanged: boolean,
): Promise<Response> {
  const { name: repository } = call.params;
  const targets = targetsOf(repository, references);
  const plan = await planDeletion(services.images, viewerOf(call), targets);
  const { deletionPage } = await import("../../pages/deletion.tsx");
  const withManifests = manifestsToo(plan, references);
  const view = { repository, plan, references, withManifests, hasChanged };
  return sendPage(deletionPage(await framed(call, services), view), {
    status: hasChanged ? 409 : 200,
  });
}

/** Tags whose manifests stay are asked for by the digests of those; null where none is left without a name. */
function manifestsToo(plan: DeletionPlan, references: readonly string[]): string[] | null {
  const left = new Map(
    plan.repositories.flatMap(({ tags }) =>
      tags.flatMap(({ name, digest, leavesUntagged }) =>
        leavesUntagged ? [[String(name), digest] as const] : [],
      ),
    ),
  );
  if (left.size === 0) return null;
  return [...new Set(references.map((reference) => left.get(reference) ?? reference))];
}

async function remove(call: Call<typeof address>, services: Services): Promise<Response> {
  const { name: repository } = call.params;
  const form = await readForm(call, services, longestForm);
  const references = form.getAll("reference");
  const plan = form.get("plan");
  if (plan === null) throw invalid("the form names no plan: open the page again");
  try {
    const { tags, manifests } = await applyDeletion(services.images, {
      ...{ targets: targetsOf(repository, references), plan, by: authorOf(call) },
      onDeleted: (each) => noteDeletion(call, services, each),
    });
    return seeOther(`/repositories/${repository}/-/deleted?tags=${tags}&manifests=${manifests}`);
  } catch (error) {
    const hasChanged = error instanceof RegistryError && error.situation === "PLAN_CHANGED";
    if (!hasChanged) throw error;
    return showPlan(call, services, references, true);
  }
}

const deleted = "/repositories/:name/-/deleted";

async function confirm(call: Call<typeof deleted>, services: Services): Promise<Response> {
  const query = queryOf(call);
  const count = (name: string) => Math.max(0, Math.trunc(Number(query.get(name)))) || 0;
  const { deletedPage } = await import("../../pages/deletion.tsx");
  const view = { repository: call.params.name, tags: count("tags"), manifests: count("manifests") };
  return sendPage(deletedPage(await framed(call, services), view));
}

const shared = {
  target: "repository",
  needs: { right: "delete", on: "repository" },
  tag: "manifests",
  doc: null,
} as const;

/** `/repositories/<name>/-/deletion`: the plan, and what it said; and the page after it. */
export const deletionPageOperations = [
  ...operation({
    ...{ ...shared, id: "getDeletionPage", method: "GET", path: address, action: "read" },
    ...{ summary: "The plan of a deletion", handle: show },
  }),
  ...operation({
    ...{ ...shared, id: "applyDeletionPage", method: "POST", path: address, action: "delete" },
    ...{ summary: "Delete what the plan said", handle: remove },
  }),
  ...operation({
    ...{ ...shared, id: "getDeletedPage", method: "GET", path: deleted, action: "read" },
    ...{ summary: "What was deleted", handle: confirm },
  }),
];
