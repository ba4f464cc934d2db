import { describe, expect, test } from "bun:test";
import { GroupSync } from "../../src/durability/groupSync.ts";

/** A sync whose runs end when the test says so. */
function controlled() {
  const runs: { end: () => void; fail: (error: Error) => void }[] = [];
  const group = new GroupSync(
    () => new Promise((end, fail) => runs.push({ end: () => end(), fail })),
  );
  return { group, runs };
}

describe("GroupSync", () => {
  test("a caller that arrives during a sync is served by the next one, together with all others", async () => {
    const { group, runs } = controlled();
    const first = group.wait();
    const later = [group.wait(), group.wait(), group.wait()];
    expect(runs).toHaveLength(1);

    runs[0]?.end();
    await first;
    await Bun.sleep(0);

    expect(runs).toHaveLength(2);
    runs[1]?.end();
    await Promise.all(later);
    expect(runs).toHaveLength(2);
  });

  test("a failed sync fails its own callers and no others", async () => {
    const { group, runs } = controlled();
    const first = group.wait();
    const second = group.wait();

    runs[0]?.fail(new Error("the disk said no"));
    await expect(first).rejects.toThrow("the disk said no");
    await Bun.sleep(0);
    runs[1]?.end();

    await second;
    expect(runs).toHaveLength(2);
  });

  test("a call after an idle moment starts a sync at once", async () => {
    const { group, runs } = controlled();
    const first = group.wait();
    runs[0]?.end();
    await first;

    void group.wait();

    expect(runs).toHaveLength(2);
  });
});
