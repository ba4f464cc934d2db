import { describe, expect, test } from "bun:test";
import { ProgressBar, progressLine } from "../../src/cli/progressBar.ts";

const terminal = (columns = 80) => {
  const lines: string[] = [];
  return { lines, isTTY: true, columns, write: (text: string) => lines.push(text) };
};

describe("a progress line", () => {
  test("says the share, the amount, the rate and the time that is left", () => {
    const progress = { label: "stored blobs", unit: "bytes", done: 5e9, total: 2e10 } as const;

    expect(progressLine({ ...progress, elapsedMs: 10_000 })).toBe(
      "stored blobs  [======>                 ]   25%  5.0 GB of 20 GB  500 MB/s  30s left",
    );
  });

  test("promises nothing before a second has passed, or while the end is not known", () => {
    const progress = { label: "names", unit: "things", done: 1_500, elapsedMs: 900 } as const;

    expect(progressLine({ ...progress, total: 3_000 })).toBe(
      "names  [============>           ]   50%  1,500 of 3,000",
    );
    expect(progressLine({ ...progress, total: 0 })).toBe("names  1,500");
  });

  test("never says more than all", () => {
    const progress = { label: "x", unit: "things", done: 12, total: 10, elapsedMs: 5_000 } as const;

    expect(progressLine(progress)).toBe("x  [========================]  100%  10 of 10");
  });
});

describe("a progress bar", () => {
  const step = { label: "x", unit: "things", total: 10 } as const;

  test("is written ten times a second at most, and at once when something else begins", () => {
    const shown = terminal();
    let now = 0;
    const bar = new ProgressBar(shown, () => now);

    for (now = 0; now < 1_000; now += 10) bar.show({ ...step, done: 1 });
    bar.show({ ...step, label: "y", done: 0 });

    expect(shown.lines).toHaveLength(11);
    expect(shown.lines.at(-1)).toStartWith("\r\x1b[Ky  [");
  });

  test("counts its rate from where it began", () => {
    const shown = terminal();
    let now = 0;
    const bar = new ProgressBar(shown, () => now);
    const resumed = { label: "sending", unit: "bytes", total: 1e9 } as const;

    bar.show({ ...resumed, done: 5e8 });
    now = 2_000;
    bar.show({ ...resumed, done: 6e8 });

    expect(shown.lines.at(-1)).toEndWith("60%  600 MB of 1.0 GB  50 MB/s  8s left");
  });

  test("fits into its line, and is taken away at the end", () => {
    const shown = terminal(20);
    const bar = new ProgressBar(shown, () => 0);

    bar.show({ ...step, done: 5 });
    bar.clear();
    bar.clear();

    expect(shown.lines).toEqual(["\r\x1b[Kx  [============>  ", "\r\x1b[K"]);
  });

  test("is not there without a terminal", () => {
    const shown = { ...terminal(), isTTY: false };
    const bar = new ProgressBar(shown, () => 0);

    bar.show({ ...step, done: 5 });
    bar.clear();

    expect(shown.lines).toEqual([]);
  });
});
