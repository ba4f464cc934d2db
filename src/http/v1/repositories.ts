// Repositories, their tags and images, for people and their tools. Thin: read the request, call the room, print.
import { compareImages } from "../../images/compare.ts";
import { describeImage } from "../../images/detail.ts";
import {
  printComparison,
  printImage,
  printRepositories,
  printRepository,
  printTags,
  printUntaggedPage,
} from "../../images/printed.ts";
import {
  findRepositoryRow,
  listRepositoryRows,
  repositorySorts,
} from "../../images/repositories.ts";
import { listTagEntries, listUntaggedEntries, tagSorts } from "../../images/tags.ts";
import { readReference } from "../../model/names.ts";
import { json } from "../answers.ts";
import { failures, inRepository, inside, jsonLike } from "../docs/answers.ts";
import { text, uncachedHeader } from "../docs/gc.ts";
import {
  compareWith,
  comparisonExample,
  comparisonSchema,
  imageExample,
  imageSchema,
  imagesPage,
  listParameters,
  nextLink,
  repositoryExample,
  repositorySchema,
  tagExample,
  tagSchema,
  untaggedExample,
  untaggedSchema,
} from "../docs/images.ts";
import { name as nameParameter, reference as referenceParameter } from "../docs/parameters.ts";
import { type Call, operation } from "../operation.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { isStranger, viewerOf } from "../viewer.ts";
import { listQueryOf, readListPage } from "./listQuery.ts";
import { invalid, pageHeaders, uncached } from "./requests.ts";

// A dash of its own is no part of a repository's name and no tag: nothing can be taken for something else.
const all = "/v1/repositories";
const summary = "/v1/repositories/:name/-/summary";
const tags = "/v1/repositories/:name/-/tags";
const untagged = "/v1/repositories/:name/-/untagged";
const image = "/v1/repositories/:name/-/images/:reference";
const comparison = "/v1/repositories/:name/-/comparison/:reference";

async function list(call: RequestContext, { images }: Services): Promise<Response> {
  const page = readListPage(queryOf(call), repositorySorts);
  const found = await listRepositoryRows(images, viewerOf(call), page);
  const headers = pageHeaders(all, listQueryOf(page), found.next);
  return json(printRepositories(found), { headers });
}

async function find(call: Call<typeof summary>, { images }: Services): Promise<Response> {
  const row = await findRepositoryRow(images, viewerOf(call), call.params.name);
  return json(printRepository(row), { headers: uncached });
}

async function listTags(call: Call<typeof tags>, { images }: Services): Promise<Response> {
  const { name } = call.params;
  const page = readListPage(queryOf(call), tagSorts);
  const found = await listTagEntries(images, name, page);
  const headers = pageHeaders(`${all}/${name}/-/tags`, listQueryOf(page), found.next);
  return json(printTags(name, found, isStranger(call)), { headers });
}

async function listUntagged(call: Call<typeof untagged>, { images }: Services): Promise<Response> {
  const { name } = call.params;
  const { after, limit } = readListPage(queryOf(call), ["name"]);
  const found = await listUntaggedEntries(images, name, { after, limit });
  const headers = pageHeaders(`${all}/${name}/-/untagged`, { limit }, found.next);
  return json(printUntaggedPage(name, found, isStranger(call)), { headers });
}

async function findImage(call: Call<typeof image>, { images }: Services): Promise<Response> {
  const { name, reference } = call.params;
  const found = await describeImage(images, viewerOf(call), name, reference);
  return json(printImage(found, isStranger(call)), { headers: uncached });
}

async function compare(call: Call<typeof comparison>, { images }: Services): Promise<Response> {
  const { name, reference } = call.params;
  const query = queryOf(call);
  const other = readReference(query.get("with") ?? "");
  if (other === null) throw invalid("with must be the other tag or digest");
  const found = await compareImages(images, viewerOf(call), {
    from: { repository: name, reference },
    to: { repository: name, reference: other },
    platform: query.get("platform"),
  });
  return json(printComparison(found, isStranger(call)), { headers: uncached });
}

const next = { ...text, nullable: true, description: "`after` of the next page" };
const ofRepository = {
  action: "pull",
  target: "repository",
  needs: { right: "pull", on: "repository" },
} as const;
const names = "Callers without a login see no names of people.";

/** `/v1/repositories` and what is below it, but for the history of a tag. */
export const repositoryOperations = [
  ...operation({
    id: "listRepositorySummaries",
    method: "GET",
    path: all,
    action: "catalog",
    target: "server",
    needs: "own",
    tag: "registry",
    summary: "List repositories with their sizes",
    handle: list,
    doc: () => ({
      description:
        "The repositories that the caller may pull from, with the number of their tags and their size: searched, sorted, by page. In a large store sizes are those of `counted_at`, some seconds ago.",
      parameters: listParameters(repositorySorts),
      responses: {
        200: {
          description: "A page of repositories.",
          headers: { ...uncachedHeader, ...nextLink(all) },
          content: jsonLike(
            {
              type: "object",
              required: ["repositories", "total", "counted_at", "next"],
              properties: {
                repositories: { type: "array", items: repositorySchema },
                total: { type: "integer", description: "all that the search finds" },
                counted_at: { ...text, format: "date-time" },
                next,
              },
            },
            {
              repositories: [repositoryExample],
              total: 1,
              counted_at: "2026-01-01T03:00:01.000Z",
              next: null,
            },
          ),
        },
        ...failures("PAGE_INVALID", "REQUEST_INVALID", ...inside),
      },
    }),
  }),
  ...operation({
    ...ofRepository,
    id: "getRepositorySummary",
    method: "GET",
    path: summary,
    tag: "registry",
    summary: "Get a repository with its size",
    handle: find,
    doc: () => ({
      description: "The number of a repository's tags, its size, and its last push.",
      parameters: [nameParameter],
      responses: {
        200: {
          description: "The repository.",
          headers: uncachedHeader,
          content: jsonLike(repositorySchema, repositoryExample),
        },
        ...failures("NAME_UNKNOWN", ...inRepository, ...inside),
      },
    }),
  }),
  ...operation({
    ...ofRepository,
    id: "listTagSummaries",
    method: "GET",
    path: tags,
    tag: "tags",
    summary: "List tags with platforms, size and push",
    handle: listTags,
    doc: () => ({
      description: `The tags of a repository, each with its digest, what it is, platforms, size, and when, by whom and from which commit it was pushed: searched, sorted, by page. ${names}`,
      parameters: [nameParameter, ...listParameters(tagSorts)],
      responses: {
        200: {
          description: "A page of tags.",
          headers: { ...uncachedHeader, ...nextLink(`${all}/team/app/-/tags`) },
          content: jsonLike(
            {
              type: "object",
              required: ["name", "tags", "next"],
              properties: { name: text, tags: { type: "array", items: tagSchema }, next },
            },
            { name: repositoryExample.name, tags: [tagExample], next: null },
          ),
        },
        ...failures("PAGE_INVALID", "REQUEST_INVALID", "NAME_UNKNOWN", ...inRepository, ...inside),
      },
    }),
  }),
  ...operation({
    ...ofRepository,
    id: "listUntagged",
    method: "GET",
    path: untagged,
    tag: "manifests",
    summary: "List manifests without a name",
    handle: listUntagged,
    doc: () => ({
      description: `The manifests of a repository that no tag and no index names, and that are not about a manifest that is stored. They keep their blobs until \`gc.untagged\`, \`breadbox gc --untagged\` or a deletion by digest. ${names}`,
      parameters: [nameParameter, ...imagesPage],
      responses: {
        200: {
          description: "A page of manifests.",
          headers: { ...uncachedHeader, ...nextLink(`${all}/team/app/-/untagged`) },
          content: jsonLike(
            {
              type: "object",
              required: ["name", "manifests", "next"],
              properties: { name: text, manifests: { type: "array", items: untaggedSchema }, next },
            },
            { name: repositoryExample.name, manifests: [untaggedExample], next: null },
          ),
        },
        ...failures("PAGE_INVALID", "REQUEST_INVALID", "NAME_UNKNOWN", ...inRepository, ...inside),
      },
    }),
  }),
  ...operation({
    ...ofRepository,
    id: "getImage",
    method: "GET",
    path: image,
    tag: "manifests",
    summary: "Get all about an image",
    handle: findImage,
    doc: () => ({
      description: `One manifest: platforms of an index; layers with the commands that made them and who shares them; what the config says; Chart.yaml of a Helm chart; signatures, SBOMs and other referrers. ${names}`,
      parameters: [nameParameter, referenceParameter],
      responses: {
        200: {
          description: "The image.",
          headers: uncachedHeader,
          content: jsonLike(imageSchema, imageExample),
        },
        ...failures("MANIFEST_UNKNOWN", ...inRepository, ...inside),
      },
    }),
  }),
  ...operation({
    ...ofRepository,
    id: "compareImages",
    method: "GET",
    path: comparison,
    tag: "manifests",
    summary: "Compare two images",
    handle: compare,
    doc: () => ({
      description: `What differs between two images of a repository: layers, sizes, members of the config. ${names}`,
      parameters: [nameParameter, referenceParameter, ...compareWith],
      responses: {
        200: {
          description: "The comparison.",
          headers: uncachedHeader,
          content: jsonLike(comparisonSchema, comparisonExample),
        },
        ...failures("MANIFEST_UNKNOWN", "REQUEST_INVALID", ...inRepository, ...inside),
      },
    }),
  }),
];
