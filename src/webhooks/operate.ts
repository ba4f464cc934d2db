// What operators ask of webhooks: how they are, what was given up, send it again, try one. The command line and `/v1/webhooks` share it.
import { RegistryError } from "../errors.ts";
import type { DeadLetter, OutboxCount, WebhooksMetadata } from "../metadata/webhooks.ts";
import type { HookTopic } from "../model/hookEvents.ts";
import type { HookFormat } from "./forms.ts";

/** A configured webhook, without anything that is secret. */
export interface HookInfo {
  readonly name: string;
  /** Without its query. */
  readonly url: string;
  readonly format: HookFormat;
  readonly topics: readonly HookTopic[];
  readonly repositories: readonly string[];
  readonly isSigned: boolean;
}

/** A webhook and its events. */
export interface HookState extends Omit<OutboxCount, "hook"> {
  readonly name: string;
  /** null for one that is not configured any more: its events stay for 30 days. */
  readonly info: HookInfo | null;
}

/** Dependencies. */
export interface HookDeps {
  readonly hooks: readonly HookInfo[];
  readonly metadata: Pick<
    WebhooksMetadata,
    "countEvents" | "listDead" | "retryDead" | "addEvent" | "findWaiting" | "removeEvent"
  >;
  /** Unix ms. */
  readonly clock: () => number;
}

const none = { waiting: 0, dead: 0, oldestAt: null };

/** All that are configured, then those that still have events. */
export async function listWebhooks({
  hooks,
  metadata,
}: Pick<HookDeps, "hooks" | "metadata">): Promise<readonly HookState[]> {
  const counts = new Map((await metadata.countEvents()).map(({ hook, ...rest }) => [hook, rest]));
  const known = new Set(hooks.map(({ name }) => name));
  return [
    ...hooks.map((info) => ({ name: info.name, info, ...(counts.get(info.name) ?? none) })),
    ...[...counts]
      .filter(([name]) => !known.has(name))
      .map(([name, rest]) => ({ name, info: null, ...rest })),
  ];
}

/** A page of dead letters, the oldest first. @throws RegistryError WEBHOOK_UNKNOWN for one that is not configured and has no events. */
export async function listDeadLetters(
  deps: Pick<HookDeps, "hooks" | "metadata">,
  name: string,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<{ readonly letters: readonly DeadLetter[]; readonly more: boolean }> {
  const found = await deps.metadata.listDead(name, { after, limit: limit + 1 });
  if (found.length === 0 && !(await listWebhooks(deps)).some((known) => known.name === name)) {
    throw new RegistryError("WEBHOOK_UNKNOWN");
  }
  return { letters: found.slice(0, limit), more: found.length > limit };
}

/** Dead letters are sent again; `id` null: all. @returns how many. @throws RegistryError WEBHOOK_UNKNOWN */
export async function retryDeadLetters(
  deps: HookDeps,
  name: string,
  id: string | null,
): Promise<number> {
  assertKnown(deps, name);
  return deps.metadata.retryDead(name, id, deps.clock());
}

/** Sends an event that is about nothing. @returns its id. @throws RegistryError WEBHOOK_UNKNOWN */
export async function testWebhook(deps: HookDeps, name: string): Promise<string> {
  assertKnown(deps, name);
  const data = { repository: "webhook/test", message: "A test of this webhook." };
  const event = {
    hook: name,
    event: "test",
    at: deps.clock(),
    data: JSON.stringify(data),
  } as const;
  return deps.metadata.addEvent(event);
}

/** How a test ended: `unsent` when no server took it. */
export type TestOutcome =
  | { readonly kind: "delivered" | "unsent" }
  | { readonly kind: "refused"; readonly reason: string };

/** Waits for the first attempt of a test. It is not attempted again. @param rest waits; ms. */
export async function watchTest(
  { metadata }: Pick<HookDeps, "metadata">,
  id: string,
  { rest, looks }: { readonly rest: (ms: number) => Promise<void>; readonly looks: number },
): Promise<TestOutcome> {
  for (let look = 0; look < looks; look += 1) {
    const event = await metadata.findWaiting(id);
    if (event === null) return { kind: "delivered" };
    if (event.attempts > 0) {
      await metadata.removeEvent(id);
      return { kind: "refused", reason: event.reason ?? "no answer" };
    }
    await rest(lookEveryMs);
  }
  await metadata.removeEvent(id);
  return { kind: "unsent" };
}

/** Between two looks at a test. */
export const lookEveryMs = 200;

function assertKnown({ hooks }: HookDeps, name: string): void {
  if (!hooks.some((hook) => hook.name === name)) throw new RegistryError("WEBHOOK_UNKNOWN");
}
