// How an event is written for its receiver: as a CloudEvent, or as distribution's registry notifies of it. Pure.

import type { OutboxEvent } from "../metadata/webhooks.ts";
import type { HookEvent } from "../model/hookEvents.ts";

export type HookFormat = "cloudevents" | "distribution";

/** Who sends it. */
export interface Sender {
  /** What clients call the server, such as `https://registry.example.com`. */
  readonly url: string;
  /** `HOST:PORT` of this machine. */
  readonly address: string;
  /** The same until the server ends. */
  readonly instanceId: string;
}

/** A body and its media type. */
export interface Written {
  readonly contentType: string;
  readonly body: string;
}

type Data = Readonly<Record<string, unknown>>;

/** Writes an event. @returns null when the form has no words for it. */
export function writeEvent(format: HookFormat, event: OutboxEvent, sender: Sender): Written | null {
  return format === "cloudevents" ? cloudEvent(event, sender) : notification(event, sender);
}

/** The media type of the manifest that an event is about; null for none. */
export function mediaTypeOf({ data }: Pick<OutboxEvent, "data">): string | null {
  const { media_type: mediaType } = readData(data);
  return typeof mediaType === "string" ? mediaType : null;
}

function readData(text: string): Data {
  const data: unknown = JSON.parse(text);
  return typeof data === "object" && data !== null ? Object.fromEntries(Object.entries(data)) : {};
}

/** CloudEvents 1.0.2, structured mode (JSON event format). */
function cloudEvent({ id, event, resource, at, data }: OutboxEvent, { url }: Sender): Written {
  const written = {
    specversion: "1.0",
    id,
    source: url,
    type: `breadbox.${event}`,
    ...(resource !== "" && { subject: resource }),
    time: new Date(at).toISOString(),
    datacontenttype: "application/json",
    data: readData(data),
  };
  return {
    contentType: "application/cloudevents+json; charset=utf-8",
    body: JSON.stringify(written),
  };
}

/** What distribution does for each event; what it has no action for is not sent. */
const actions: Readonly<Partial<Record<HookEvent, readonly [action: string, method: string]>>> = {
  push: ["push", "PUT"],
  test: ["push", "PUT"],
  "tag.delete": ["delete", "DELETE"],
  "manifest.delete": ["delete", "DELETE"],
  "blob.delete": ["delete", "DELETE"],
};

/** distribution/distribution 3, notifications/event.go; of pushes and deletions its bridge sets these fields. */
function notification(event: OutboxEvent, sender: Sender): Written | null {
  const [action, method] = actions[event.event] ?? [];
  if (action === undefined) return null;
  const data = readData(event.data);
  const envelope = {
    events: [
      {
        id: event.id,
        timestamp: new Date(event.at).toISOString(),
        action,
        target: targetOf(event.event, data, sender),
        request: {
          id: text(data["request_id"]) ?? "",
          addr: text(data["address"]),
          host: new URL(sender.url).host,
          method,
          useragent: "",
        },
        actor: { name: actorOf(text(data["actor"])) },
        source: { addr: sender.address, instanceID: sender.instanceId },
      },
    ],
  };
  return {
    contentType: "application/vnd.docker.distribution.events.v2+json",
    body: JSON.stringify(envelope),
  };
}

function targetOf(event: HookEvent, data: Data, { url }: Sender): Data {
  const repository = text(data["repository"]) ?? "";
  const tag = text(data["tag"]);
  if (event === "tag.delete") return { repository, tag };
  const digest = text(data["digest"]);
  if (event !== "push") return { digest, repository };
  const size = data["size"] ?? undefined;
  return {
    mediaType: text(data["media_type"]),
    ...{ digest, size, length: size, repository },
    url: `${url}/v2/${repository}/manifests/${digest}`,
    tag,
  };
}

/** There, it is the name that somebody logged in with. */
const actorOf = (who: string | undefined): string | undefined => who?.replace(/^[a-z]+:/, "");

/** Absent members are left out of JSON. */
const text = (value: unknown): string | undefined =>
  typeof value === "string" ? value : undefined;
