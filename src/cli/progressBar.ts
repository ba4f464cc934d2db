// One line on a terminal that says how far a long command is; nothing where standard error is no terminal.

import { showAge, showBytes } from "../amounts.ts";
import { plainText } from "../plainText.ts";

/** How far something is. */
export interface Progress {
  /** The activity, a word or two. */
  readonly label: string;
  /** Bytes are shown as sizes, with their rate. */
  readonly unit: "bytes" | "things";
  readonly done: number;
  /** 0 while it is not known. */
  readonly total: number;
  /** How much was done when this label began: it says nothing of the rate. */
  readonly before?: number;
  /** Since this label began, ms. */
  readonly elapsedMs: number;
}

/** Where the line is shown: `process.stderr`. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const barWidth = 24;
/** Ten lines a second are more than anyone reads. */
const everyMs = 100;
/** Before that a rate is a guess. */
const settledMs = 1_000;

/** `contents  [=====>      ]  45%  12 GB of 27 GB  410 MB/s  36s left`; pure. */
export function progressLine(progress: Progress): string {
  const { label, unit, done, total, elapsedMs } = progress;
  const amount = unit === "bytes" ? showBytes : (count: number) => count.toLocaleString("en");
  const parts = [label];
  if (total > 0) {
    const share = Math.min(1, done / total);
    parts.push(bar(share), `${Math.floor(share * 100)}%`.padStart(4));
    parts.push(`${amount(Math.min(done, total))} of ${amount(total)}`);
  } else if (done > 0) {
    parts.push(amount(done));
  }
  const moved = done - (progress.before ?? 0);
  if (elapsedMs < settledMs || moved <= 0) return parts.join("  ");
  if (unit === "bytes") parts.push(`${showBytes((moved / elapsedMs) * 1000)}/s`);
  if (total > done) parts.push(`${showAge(((total - done) / moved) * elapsedMs)} left`);
  return parts.join("  ");
}

function bar(share: number): string {
  const filled = Math.floor(share * barWidth);
  const body = filled === barWidth ? "=".repeat(barWidth) : `${"=".repeat(filled)}>`;
  return `[${body.padEnd(barWidth)}]`;
}

/** Shows one line after the other in the same place. */
export class ProgressBar {
  readonly #terminal: Terminal;
  readonly #now: () => number;
  #label = "";
  #startedAt = 0;
  #before = 0;
  #shownAt = Number.NEGATIVE_INFINITY;
  #isShown = false;

  /** @param now monotonic ms. */
  constructor(terminal: Terminal = process.stderr, now: () => number = () => performance.now()) {
    this.#terminal = terminal;
    this.#now = now;
  }

  show(progress: Omit<Progress, "elapsedMs" | "before">): void {
    if (this.#terminal.isTTY !== true) return;
    const now = this.#now();
    const isNew = progress.label !== this.#label;
    if (isNew) [this.#label, this.#startedAt, this.#before] = [progress.label, now, progress.done];
    else if (now - this.#shownAt < everyMs) return;
    this.#shownAt = now;
    this.#isShown = true;
    const [elapsedMs, before] = [now - this.#startedAt, this.#before];
    const line = plainText(progressLine({ ...progress, elapsedMs, before }));
    // A line that breaks could not be taken back.
    this.#terminal.write(`\r\x1b[K${line.slice(0, (this.#terminal.columns ?? 80) - 1)}`);
  }

  /** Erases the line: the next output takes its place. */
  clear(): void {
    if (this.#isShown) this.#terminal.write("\r\x1b[K");
    this.#isShown = false;
  }
}
