// A running server as the source of what commands ask of images: one request each.

import type { Client } from "../../client/client.ts";
import { RefusedError } from "../../client/problems.ts";
import type { ImageSource } from "../../images/imagesTool.ts";
import type { ListPage } from "../../images/pages.ts";
import type * as printed from "../../images/printed.ts";
import type { Target } from "../../images/selection.ts";
import type { Reference, RepositoryName } from "../../model/names.ts";

const json = { "content-type": "application/json" };

/** Asks a server. */
export function remoteSource(client: Client): ImageSource {
  const post = (targets: readonly Target[], plan?: string) =>
    client.json("/v1/deletions", {
      ...{ method: "POST", headers: json },
      body: JSON.stringify({ targets: targets.map(spellTarget), ...(plan && { plan }) }),
    });
  return {
    repositories: async (page) =>
      readAnswer<printed.PrintedRepositories>(
        await client.json(`/v1/repositories?${queryOf(page)}`),
        "repositories",
      ),
    tags: async (repository, page) =>
      readAnswer<printed.PrintedTags>(
        await client.json(`${pathOf(repository)}/tags?${queryOf(page)}`),
        "tags",
      ),
    untagged: async (repository, after) =>
      readAnswer<printed.PrintedUntagged>(
        await client.json(
          `${pathOf(repository)}/untagged?limit=200${after === null ? "" : `&after=${after}`}`,
        ),
        "manifests",
      ),
    image: async (repository, reference) =>
      readAnswer<printed.PrintedImage>(
        await client.json(`${pathOf(repository)}/images/${spell(reference)}`),
        "digest",
      ),
    compare: async (repository, from, to) =>
      readAnswer<printed.PrintedComparison>(
        await client.json(
          `${pathOf(repository)}/comparison/${spell(from)}?with=${encodeURIComponent(spell(to))}`,
        ),
        "layers",
      ),
    plan: async (targets) => readAnswer<printed.PrintedDeletion>(await post(targets), "plan"),
    remove: async (targets, plan) =>
      readAnswer<printed.PrintedDeletion>(await post(targets, plan), "deleted"),
    usage: async () => readAnswer<printed.PrintedUsage>(await client.json("/v1/usage"), "held_by"),
    status: async () =>
      readAnswer<printed.PrintedStatus>(await client.json("/v1/status"), "server"),
  };
}

const pathOf = (repository: RepositoryName): string => `/v1/repositories/${repository}/-`;

const spell = (reference: Reference): string =>
  "tag" in reference ? reference.tag : reference.digest;

function spellTarget(target: Target): string {
  const { repository } = target;
  if ("tag" in target) return `${repository}:${target.tag}`;
  return "digest" in target ? `${repository}@${target.digest}` : repository;
}

function queryOf({ search, sort, isDescending, after, limit }: ListPage<string>): string {
  const query = new URLSearchParams({
    sort,
    order: isDescending ? "desc" : "asc",
    limit: `${limit}`,
  });
  if (search !== null) query.set("search", search);
  if (after !== null) query.set("after", after);
  return query.toString();
}

/** An answer of Breadbox has this member. @throws RefusedError for what another program answered. */
export function readAnswer<T>(answer: unknown, member: keyof T & string): T {
  if (typeof answer === "object" && answer !== null && member in answer) return answer as T;
  const status = { status: 200, code: "", retryAfterMs: null };
  throw new RefusedError(`an answer without ${member}`, status);
}
