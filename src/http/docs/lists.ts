// What is said of the registry as a whole and of its lists.
import {
  always,
  failures,
  inRepository,
  inside,
  jsonLike,
  sometimes,
  withoutBodies,
} from "./answers.ts";
import { repository, tag } from "./examples.ts";
import { name, page } from "./parameters.ts";
import type { Documentation, Responses } from "./types.ts";

const apiVersion = {
  "Docker-Distribution-Api-Version": always("As every answer below `/v2/` has it.", "registry/2.0"),
};

const checkAnswers: Responses = {
  200: {
    description: "It is. The body is an empty object.",
    headers: apiVersion,
    content: jsonLike({ type: "object" }, {}),
  },
  ...failures(),
};

export const checkApi: Documentation = {
  description:
    "Clients ask here first whether the server is a registry. Source: distribution-spec, _Determining Support_ (end-1). `/v2` without the slash is the same.",
  responses: checkAnswers,
};

export const headApi: Documentation = {
  description: "As `GET`, without a body.",
  responses: withoutBodies(checkAnswers),
};

const nextPage = (path: string, last: string) => ({
  Link: sometimes(
    "The next page, when there is one (RFC 8288).",
    `<${path}?n=1&last=${encodeURIComponent(last)}>; rel="next"`,
  ),
});

const names = { type: "array" as const, items: { type: "string" as const } };

export const listRepositories: Documentation = {
  description:
    "All repositories in byte order, by page. Not part of the distribution-spec; the Docker registry has it, and clients use it.",
  parameters: page(repository),
  responses: {
    200: {
      description: "A page of names.",
      headers: nextPage("/v2/_catalog", repository),
      content: jsonLike(
        { type: "object", required: ["repositories"], properties: { repositories: names } },
        { repositories: [repository] },
      ),
    },
    ...failures("PAGE_INVALID", ...inside),
  },
};

export const listTags: Documentation = {
  description:
    "The tags of a repository in byte order, by page. Source: distribution-spec, _Listing Tags_ (end-8a, end-8b).",
  parameters: [name, ...page(tag)],
  responses: {
    200: {
      description: "A page of tags.",
      headers: nextPage(`/v2/${repository}/tags/list`, tag),
      content: jsonLike(
        {
          type: "object",
          required: ["name", "tags"],
          properties: { name: { type: "string" }, tags: names },
        },
        { name: repository, tags: [tag] },
      ),
    },
    ...failures("PAGE_INVALID", "NAME_UNKNOWN", ...inRepository, ...inside),
  },
};

/** The same list, asked for without its body. */
const withoutBody = (list: Documentation): Documentation => ({
  ...list,
  description: "As `GET`, without a body.",
  responses: withoutBodies(list.responses),
});

export const headRepositories = withoutBody(listRepositories);
export const headTags = withoutBody(listTags);
