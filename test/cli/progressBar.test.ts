import { describe, expect, test } from "bun:test";
import { ProgressBar, progressLine } from "../../src/cli/progressBar.ts";

const terminal = (columns = 80) => {
  const lines: string[] = [];
  return { lines, isTTY: true, columns, write: (text: string) => lines.push(text) };
};

describe("a progress line", () => {
  test("shows the share, the amount, the rate and the time left", () => {
    const progress = { label: "stored blobs", unit: "bytes", done: 5e9, total: 2e10 } as const;

    expect(progressLine({ ...progress, elapsedMs: 10_000 })).toBe(
      "stored blobs  [======>                 ]   25%  5.0 GB of 20 GB  500 MB/s  30s left",
    );
  });

  test("shows no time left in the first second, or while the total is unknown", () => {
    const progress = { label: "names", unit: "things", done: 1_500, elapsedMs: 900 } as const;

    expect(progressLine({ ...progress, total: 3_000 })).toBe(
      "names  [============>           ]   50%  1,500 of 3,000",
    );
    expect(progressLine({ ...progress, total: 0 })).toBe("names  1,500");
  });

  test("never shows more than 100 %", () => {
    const progress = { label: "x", unit: "things", done: 12, total: 10, elapsedMs: 5_000 } as const;

    expect(progressLine(progress)).toBe("x  [========================]  100%  10 of 10");
  });
});

describe("a progress bar", () => {
  const step = { label: "x", unit: "things", total: 10 } as const;

  test("is redrawn at most ten times a second, and at once when the activity changes", () => {
    const shown = terminal();
    let now = 0;
    const bar = new ProgressBar(shown, () => now);

    for (now = 0; now < 1_000; now += 10) bar.show({ ...step, done: 1 });
    bar.show({ ...step, label: "y", done: 0 });

    expect(shown.lines).toHaveLength(11);
    expect(shown.lines.at(-1)).toStartWith("\r\x1b[Ky  [");
  });

  test("computes its rate from where it started", () => {
    const shown = terminal();
    let now = 0;
    const bar = new ProgressBar(shown, () => now);
    const resumed = { label: "sending", unit: "bytes", total: 1e9 } as const;

    bar.show({ ...resumed, done: 5e8 });
    now = 2_000;
    bar.show({ ...resumed, done: 6e8 });

    expect(shown.lines.at(-1)).toEndWith("60%  600 MB of 1.0 GB  50 MB/s  8s left");
  });

  test("fits the width of the terminal and is erased at the end", () => {
    const shown = terminal(20);
    const bar = new ProgressBar(shown, () => 0);

    bar.show({ ...step, done: 5 });
    bar.clear();
    bar.clear();

    expect(shown.lines).toEqual(["\r\x1b[Kx  [============>  ", "\r\x1b[K"]);
  });

  test("prints nothing without a terminal", () => {
    const shown = { ...terminal(), isTTY: false };
    const bar = new ProgressBar(shown, () => 0);

    bar.show({ ...step, done: 5 });
    bar.clear();

    expect(shown.lines).toEqual([]);
  });
});
