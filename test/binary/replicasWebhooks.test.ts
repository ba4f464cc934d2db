// Webhooks of two servers on one database: one of them delivers, and the other one takes over.
import { expect } from "bun:test";
import { pushImage } from "../http/support/image.ts";
import { clientTest } from "../support/clientTest.ts";
import { postgresIsMissing } from "../support/postgres.ts";
import { waitFor } from "../support/processes.ts";
import { startReplicas } from "../support/replicas.ts";
import { startReceiver } from "../support/webhookReceiver.ts";

const needs = { commands: [], reason: postgresIsMissing, timeoutMs: 180_000 };

clientTest(
  "each event is delivered once, whichever replica was pushed to; after kill -9 of the leader the other one delivers",
  needs,
  async (scope) => {
    const receiver = startReceiver(scope);
    const list = [{ name: "ci", url: receiver.url, events: ["push"] }];
    const hooks = { BREADBOX_WEBHOOKS: JSON.stringify(list), BREADBOX_LOG_FORMAT: "json" };
    const { a, b } = await startReplicas(scope, hooks);
    const explain = () => a.logs() + b.logs();
    const subjects = () => receiver.received.map(({ body }) => body.subject).toSorted();
    const leads = ({ logs }: typeof a) => logs().includes("does the scheduled work of all");
    await waitFor("a leader", async () => leads(a) !== leads(b), { explain });

    await pushImage(a.url, { name: "lab/a", tag: "1" });
    await pushImage(b.url, { name: "lab/b", tag: "1" });
    await waitFor("both events", async () => receiver.received.length >= 2, { explain });
    expect(subjects()).toEqual(["lab/a", "lab/b"]);

    const [leader, other] = leads(a) ? [a, b] : [b, a];
    const gate = Promise.withResolvers<void>();
    scope.defer(() => gate.resolve());
    receiver.hold(gate.promise);
    await pushImage(other.url, { name: "lab/c", tag: "1" });
    await waitFor("the attempt", async () => receiver.received.length === 3, { explain });
    await leader.kill9();
    receiver.hold(Promise.resolve());
    await pushImage(other.url, { name: "lab/d", tag: "1" });
    await waitFor("the take-over", async () => subjects().includes("lab/d"), {
      ...{ explain, timeoutMs: 120_000 },
    });
    const metrics = async () => (await fetch(`${other.url}/metrics`)).text();
    const isEmpty = async () => !(await metrics()).includes('state="waiting"} ');
    await waitFor("an empty outbox", isEmpty, { explain });

    // What was not acknowledged is repeated with its id, and nothing else.
    expect(subjects()).toEqual(["lab/a", "lab/b", "lab/c", "lab/c", "lab/d"]);
    const ids = receiver.received.map(({ body }) => body.id);
    expect(new Set(ids).size).toBe(4);
  },
);
