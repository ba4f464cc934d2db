// Clocks that are set while leases last, and while a collection runs: what was promised stays.
import { expect, test } from "bun:test";
import type { Action } from "./model/actions.ts";
import { History } from "./model/history.ts";
import { openRealStore } from "./model/real.ts";

const hour = 3_600_000;
const day = 24 * hour;
const upload: Action = { kind: "upload", at: 0, blob: 0 };
const head: Action = { kind: "head", at: 0, blob: 0 };
const collect = (meanwhile: Extract<Action, { kind: "collect" }>["meanwhile"] = []): Action => ({
  kind: "collect",
  minAgeMs: 0,
  untaggedOlderThanMs: null,
  meanwhile,
});

/** Does it to a store and to the model. @throws when they differ, or a promise is broken. */
async function live(actions: readonly Action[]): Promise<void> {
  const real = await openRealStore();
  try {
    const history = new History(real);
    await history.look();
    for (const action of actions) await history.act(action);
    await history.end();
  } finally {
    await real.remove();
  }
}

for (const [how, ms] of [
  ["back a day", -day],
  ["forward ten years", 3650 * day],
  ["back to 1970", -100 * 365 * day],
] as const) {
  test(`a blob that was just pushed is kept when the clock is set ${how}`, async () => {
    const step: Action = { kind: "step", ms };
    const wait: Action = { kind: "wait", ms: hour - 1 };

    await live([upload, step, collect(), wait, collect(), head, collect(), wait, collect()]);
  });

  // Before the rows are looked at, between the look and the transaction, before the file goes.
  for (const after of [0, 1, 2, 3]) {
    test(`a blob that is checked by HEAD after the clock was set ${how} during a collection is kept (${after})`, async () => {
      const meanwhile = [
        { after, action: { kind: "step", ms } },
        { after, action: head },
        { after, action: { kind: "upload", at: 1, blob: 0 } },
      ] as const;

      await live([upload, { kind: "wait", ms: 2 * hour }, collect(meanwhile), collect()]);
    });
  }
}

test("a collection of untagged manifests finishes once a clock that was set forward is trusted again", async () => {
  const untagged: Action = {
    kind: "collect",
    minAgeMs: 0,
    untaggedOlderThanMs: hour,
    meanwhile: [],
  };
  const image: Action = { kind: "image", at: 0, blobs: [0], tag: null, subject: null };
  const step: Action = { kind: "step", ms: 3650 * day };

  await live([upload, image, step, untagged, { kind: "wait", ms: hour + 1 }, untagged]);
});

test("no content is lost when the clock is set in the middle of a lease, repeatedly", async () => {
  const steps = [-day, 3650 * day, -3650 * day, day, -day].map(
    (ms): Action => ({ kind: "step", ms }),
  );
  const image: Action = { kind: "image", at: 0, blobs: [0], tag: null, subject: null };

  await live([upload, ...steps.flatMap((step) => [step, head, collect()]), image, collect()]);
  expect(steps.length).toBe(5);
});
