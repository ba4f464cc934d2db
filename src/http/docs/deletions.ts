// Documentation of deletions after a plan.
import { Type } from "@sinclair/typebox";
import { manifestDigest, repository, tag } from "./examples.ts";
import { array, boolean, integer, object, string } from "./schemas.ts";

/** Most things to delete at a time; a plan says so as well. */
const mostTargets = 1000;

export const deletionBody = Type.Object({
  targets: Type.Array(Type.String(), {
    minItems: 1,
    maxItems: mostTargets,
    description:
      "What to delete: `team/app:1.0` (the tag alone), `team/app@sha256:…` (the manifest with its tags, and what only it names), `team/app` (everything in it).",
  }),
  plan: Type.Optional(
    Type.String({
      description:
        "`id` of the plan of these targets that was read. Without it nothing is deleted.",
    }),
  ),
});

const integerOrNull = (description: string) =>
  integer({ format: "int64", nullable: true, description });
const nullable = (description: string) => string({ nullable: true, description });

export const deletionSchema = object({
  plan: object(
    {
      id: string({ description: "stands for exactly what is deleted" }),
      repositories: array(
        object({
          name: string(),
          whole: boolean({ description: "nothing is left of it" }),
          tags: array(
            object({
              name: string(),
              digest: string(),
              locked_by: nullable("the pattern of `registry.immutableTags` that forbids it"),
              other_tags: array(string(), {
                description: "of the manifest, which stays",
              }),
              indexes: integer({ description: "that name the manifest" }),
              leaves_untagged: boolean({ description: "the manifest stays without any name" }),
            }),
          ),
          manifests: array(
            object({
              digest: string(),
              kind: string(),
              reason: string({
                enum: ["asked", "child", "referrer"],
                description:
                  "`child`: only a deleted index names it; `referrer`: it is about a deleted manifest",
              }),
              tags: array(string(), { description: "deleted with it" }),
              locked: object(
                { tag: string(), pattern: string() },
                { nullable: true, description: "a tag that may not be deleted" },
              ),
              broken_indexes: array(string(), { description: "that stay and name it" }),
            }),
          ),
        }),
      ),
      absent: array(string(), { description: "targets that do not exist" }),
      released: object(
        {
          now_bytes: integerOrNull("what the next collection gives back"),
          later_bytes: integerOrNull("what a later one does: it was pushed a short while ago"),
          later_at: nullable("from when on"),
          shared_bytes: integerOrNull("what other manifests and objects keep"),
          object_bytes: integerOrNull("of these, what objects keep"),
        },
        {
          nullable: true,
          description: "null for callers who may not `pull` on `server:gc`",
        },
      ),
      kept_by_untagged_bytes: integerOrNull("what manifests keep that have no name afterwards"),
    },
    { nullable: true, description: "null in the answer to a deletion" },
  ),
  deleted: object(
    { tags: integer(), manifests: integer() },
    { nullable: true, description: "null in the answer with a plan" },
  ),
});

export const planExample = {
  plan: {
    id: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    repositories: [
      {
        name: repository,
        whole: false,
        tags: [
          {
            name: tag,
            digest: manifestDigest,
            locked_by: null,
            other_tags: [],
            indexes: 0,
            leaves_untagged: true,
          },
        ],
        manifests: [],
      },
    ],
    absent: [],
    released: {
      now_bytes: 0,
      later_bytes: 0,
      later_at: null,
      shared_bytes: 0,
      object_bytes: 0,
    },
    kept_by_untagged_bytes: 2_812_948,
  },
  deleted: null,
};
