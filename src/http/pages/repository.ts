// A repository: its tags, and its manifests without a tag.

import { RegistryError } from "../../errors.ts";
import { findRepositoryRow, type RepositoryRow } from "../../images/repositories.ts";
import { listTagEntries, listUntaggedEntries, tagSorts } from "../../images/tags.ts";
import type { RepositoryName } from "../../model/names.ts";
import { type Call, operation } from "../operation.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { readListPage } from "../v1/listQuery.ts";
import { isStranger, viewerOf } from "../viewer.ts";
import { framed, sendPage } from "./answer.ts";
import { withoutPeople } from "./people.ts";

const tags = "/repositories/:name";
const untagged = "/repositories/:name/-/untagged";

/** What all pages of a repository need. */
export function mayDelete(
  { rights }: Pick<RequestContext, "rights">,
  { readOnly }: Pick<Services, "readOnly">,
  repository: RepositoryName,
): boolean {
  return !readOnly && rights.may("delete", { kind: "repository", repository });
}

/** In a large store sums are some seconds old: a repository that was just pushed to is in none of them. The lists say if there is none. */
async function findCounted(
  call: RequestContext,
  { images }: Services,
  name: RepositoryName,
): Promise<RepositoryRow | null> {
  try {
    return await findRepositoryRow(images, viewerOf(call), name);
  } catch (error) {
    const isUncounted = error instanceof RegistryError && error.situation === "NAME_UNKNOWN";
    if (isUncounted) return null;
    throw error;
  }
}

async function listTags(call: Call<typeof tags>, services: Services): Promise<Response> {
  const { name } = call.params;
  const { images } = services;
  const asked = readListPage(queryOf(call), tagSorts);
  const repository = await findCounted(call, services, name);
  const { rows, next } = await listTagEntries(images, name, asked);
  const { tagsPage } = await import("../../pages/repository.tsx");
  const html = tagsPage(await framed(call, services), {
    ...{ name, repository },
    rows: isStranger(call) ? rows.map(withoutPeople) : rows,
    list: { ...asked, next },
    mayDelete: mayDelete(call, services, name),
  });
  return sendPage(html);
}

async function listUntagged(call: Call<typeof untagged>, services: Services): Promise<Response> {
  const { name } = call.params;
  const { images } = services;
  const asked = readListPage(queryOf(call), ["name"]);
  const repository = await findCounted(call, services, name);
  const { rows, next } = await listUntaggedEntries(images, name, asked);
  const { untaggedPage } = await import("../../pages/repository.tsx");
  const html = untaggedPage(await framed(call, services), {
    ...{ name, repository },
    rows: isStranger(call) ? rows.map((row) => ({ ...row, pushedBy: null })) : rows,
    list: { ...asked, next },
    mayDelete: mayDelete(call, services, name),
  });
  return sendPage(html);
}

const ofRepository = {
  method: "GET",
  action: "pull",
  target: "repository",
  needs: { right: "pull", on: "repository" },
  tag: "tags",
  doc: null,
} as const;

/** `/repositories/<name>` and its manifests without a tag. */
export const repositoryPageOperations = [
  ...operation({
    ...ofRepository,
    id: "getRepositoryPage",
    path: tags,
    summary: "The page of a repository",
    handle: listTags,
  }),
  ...operation({
    ...ofRepository,
    id: "getUntaggedPage",
    path: untagged,
    summary: "The page with manifests that have no tag",
    handle: listUntagged,
  }),
];
