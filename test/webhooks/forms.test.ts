import { describe, expect, test } from "bun:test";
import type { OutboxEvent } from "../../src/metadata/webhooks.ts";
import { writeEvent } from "../../src/webhooks/forms.ts";

const sender = {
  url: "https://registry.example.com",
  address: "box:5000",
  instanceId: "0199a1f7-0000-7000-8000-000000000001",
};
const digest = `sha256:${"a".repeat(64)}`;
const previous = `sha256:${"b".repeat(64)}`;
const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const data = {
  ...{ repository: "team/app", tag: "1.0", digest, previous_digest: previous },
  ...{ media_type: "application/vnd.oci.image.manifest.v1+json", size: 708 },
  ...{ actor: "user:ann", address: "10.0.0.7", request_id: "r-1" },
};

function event(change: Partial<OutboxEvent> = {}): OutboxEvent {
  return {
    ...{ id: "01a1f7e5-93cb-728c-8028-5a61b9c8f780", hook: "ci", event: "push", at, since: at },
    ...{ resource: "team/app", data: JSON.stringify(data), attempts: 0, reason: null },
    ...change,
  };
}

const written = (format: "cloudevents" | "distribution", it: OutboxEvent) => {
  const found = writeEvent(format, it, sender);
  return found === null ? null : { type: found.contentType, ...JSON.parse(found.body) };
};

describe("as a CloudEvent", () => {
  test("an event has the attributes of CloudEvents 1.0 in structured mode", () => {
    expect(written("cloudevents", event())).toEqual({
      type: "breadbox.push",
      specversion: "1.0",
      id: "01a1f7e5-93cb-728c-8028-5a61b9c8f780",
      source: "https://registry.example.com",
      subject: "team/app",
      time: "2026-01-02T03:04:05.678Z",
      datacontenttype: "application/json",
      data,
    });
    expect(writeEvent("cloudevents", event(), sender)?.contentType).toBe(
      "application/cloudevents+json; charset=utf-8",
    );
  });

  test("what is about no repository has no subject", () => {
    const collection = event({ event: "collection", resource: "", data: '{"state":"done"}' });
    const found = written("cloudevents", collection);
    expect(found).toMatchObject({ type: "breadbox.collection", data: { state: "done" } });
    const failed = event({ event: "backup.failed", resource: "", data: '{"state":"failed"}' });
    expect(written("cloudevents", failed)).toMatchObject({ type: "breadbox.backup.failed" });
    expect(found).not.toHaveProperty("subject");
  });
});

/** Members of notifications/event.go of distribution/distribution 3 that a push and a deletion may have. */
const members = {
  event: ["id", "timestamp", "action", "target", "request", "actor", "source"],
  target: ["mediaType", "digest", "size", "length", "repository", "url", "tag"],
  request: ["id", "addr", "host", "method", "useragent"],
  actor: ["name"],
  source: ["addr", "instanceID"],
} as const;

describe("as distribution's notification", () => {
  test("a push has every field that distribution sets, and no other one", () => {
    const found = written("distribution", event());
    expect(found).toEqual({
      type: "application/vnd.docker.distribution.events.v2+json",
      events: [
        {
          id: "01a1f7e5-93cb-728c-8028-5a61b9c8f780",
          timestamp: "2026-01-02T03:04:05.678Z",
          action: "push",
          target: {
            mediaType: "application/vnd.oci.image.manifest.v1+json",
            digest,
            size: 708,
            length: 708,
            repository: "team/app",
            url: `https://registry.example.com/v2/team/app/manifests/${digest}`,
            tag: "1.0",
          },
          request: {
            id: "r-1",
            addr: "10.0.0.7",
            host: "registry.example.com",
            method: "PUT",
            useragent: "",
          },
          actor: { name: "ann" },
          source: { addr: "box:5000", instanceID: sender.instanceId },
        },
      ],
    });
    const [sent] = found.events;
    expect(Object.keys(sent)).toEqual([...members.event]);
    for (const part of ["target", "request", "actor", "source"] as const) {
      expect(Object.keys(sent[part])).toEqual([...members[part]]);
    }
  });

  test("the deletion of a manifest has its digest, that of a tag its name", () => {
    const nothing = { media_type: null, size: null, previous_digest: null };
    const gone = { ...data, ...nothing };
    const manifest = event({
      event: "manifest.delete",
      data: JSON.stringify({ ...gone, tag: null }),
    });
    const tag = event({ event: "tag.delete", data: JSON.stringify(gone) });

    expect(written("distribution", manifest).events[0]).toMatchObject({
      action: "delete",
      target: { digest, repository: "team/app" },
      request: { method: "DELETE" },
    });
    expect(Object.keys(written("distribution", manifest).events[0].target)).toEqual([
      "digest",
      "repository",
    ]);
    expect(written("distribution", tag).events[0].target).toEqual({
      repository: "team/app",
      tag: "1.0",
    });
  });

  test("a test is a push of nothing to a repository of its own", () => {
    const test = event({ event: "test", resource: "", data: '{"repository":"webhook/test"}' });
    expect(written("distribution", test).events[0]).toMatchObject({
      ...{ action: "push", target: { repository: "webhook/test" } },
    });
  });

  test("nobody in particular is an actor without a name", () => {
    const anonymous = event({ data: JSON.stringify({ ...data, actor: null, address: null }) });
    expect(written("distribution", anonymous).events[0]).toMatchObject({ actor: {} });
    expect(written("distribution", anonymous).events[0].actor).toEqual({});
  });

  test.each(["collection", "backup.failed", "object.put", "tag.move"] as const)(
    "%s has no form",
    (what) => {
      expect(written("distribution", event({ event: what }))).toBeNull();
    },
  );
});
