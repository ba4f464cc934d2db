// What webhooks are told of, and which webhook of what. Pure.
import { matcherOf } from "./glob.ts";

/** What a webhook asks for, as settings name it, and the events that it gets. */
export const hookTopics = {
  push: ["push"],
  "tag.move": ["tag.move"],
  delete: ["tag.delete", "manifest.delete", "blob.delete"],
  collection: ["collection"],
  backup: ["backup.succeeded", "backup.failed"],
  objects: ["object.put", "object.delete", "bucket.create", "bucket.delete"],
} as const;

export type HookTopic = keyof typeof hookTopics;

/** Everything that a webhook may be told of. `test` is what `breadbox webhook test` sends. */
export type HookEvent = (typeof hookTopics)[HookTopic][number] | "test";

/** What one webhook is told of. */
export interface HookRule {
  readonly name: string;
  readonly topics: readonly HookTopic[];
  /** Globs. Events of other repositories are left out; what is about no repository is not. */
  readonly repositories: readonly string[];
}

/** An event for one webhook. */
export interface Subscription {
  readonly hook: string;
  readonly event: HookEvent;
}

/** Finds the webhooks that are told of something. */
export type Subscribers = (happened: string, resource: string) => readonly Subscription[];

/** For a server without webhooks. */
export const nobodyListens: Subscribers = () => [];

/** What an entry of the audit trail is to webhooks: a tag that moves was pushed as well. */
const meanings: Readonly<Record<string, readonly HookEvent[]>> = {
  push: ["push"],
  "tag.move": ["push", "tag.move"],
  "tag.delete": ["tag.delete"],
  "manifest.delete": ["manifest.delete"],
  "blob.delete": ["blob.delete"],
  "object.put": ["object.put"],
  "object.replace": ["object.put"],
  "object.delete": ["object.delete"],
  "bucket.create": ["bucket.create"],
  "bucket.delete": ["bucket.delete"],
  collection: ["collection"],
  "backup.succeeded": ["backup.succeeded"],
  "backup.failed": ["backup.failed"],
};

/** What resources that are no repositories begin with; a name of a repository has no colon. */
const isRepository = (resource: string): boolean => resource !== "" && !resource.includes(":");

/** Compiles the rules. */
export function subscribersOf(rules: readonly HookRule[]): Subscribers {
  if (rules.length === 0) return nobodyListens;
  const hooks = rules.map(({ name, topics, repositories }) => ({
    name,
    events: new Set<HookEvent>(topics.flatMap((topic) => hookTopics[topic])),
    globs: repositories.map(matcherOf),
  }));
  return (happened, resource) => {
    const events = meanings[happened] ?? [];
    return hooks.flatMap(({ name, events: wanted, globs }) => {
      if (isRepository(resource) && !globs.some((matches) => matches(resource))) return [];
      return events
        .filter((event) => wanted.has(event))
        .map((event): Subscription => ({ hook: name, event }));
    });
  };
}
