// Documentation of the pushes of a tag.
import { manifestDigest, repository, tag } from "./examples.ts";
import { text } from "./gc.ts";

const nullable = (description: string) => ({ ...text, nullable: true, description });

export const historySchema = {
  type: "object" as const,
  required: ["name", "pushes"],
  properties: {
    name: text,
    pushes: {
      type: "array" as const,
      items: {
        type: "object" as const,
        required: ["digest", "tag", "pushed_at", "pushed_by", "origin"],
        properties: {
          digest: text,
          tag: nullable("null for a push by digest alone"),
          pushed_at: { ...text, format: "date-time" },
          pushed_by: nullable("`user:ann`, `token:ci`, `workload:acme/app`; null without a login"),
          origin: {
            type: "object" as const,
            nullable: true,
            description: "claims of the ID token of the job that pushed; null for everybody else",
            required: ["issuer", "repository", "ref", "commit", "run", "actor"],
            properties: {
              issuer: text,
              repository: nullable("of the source"),
              ref: nullable("branch or tag"),
              commit: nullable("its full hash"),
              run: nullable("id of the run or pipeline"),
              actor: nullable("who started it"),
            },
          },
        },
      },
    },
  },
};

export const historyExample = {
  name: repository,
  pushes: [
    {
      digest: manifestDigest,
      tag,
      pushed_at: "2026-01-01T03:00:00.000Z",
      pushed_by: "workload:acme/app",
      origin: {
        issuer: "https://token.actions.githubusercontent.com",
        repository: "acme/app",
        ref: "refs/heads/main",
        commit: "8843d7f92416211de9ebb963ff4ce28125932878",
        run: "1658821493",
        actor: "octocat",
      },
    },
  ],
};
