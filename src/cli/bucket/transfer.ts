// Shared by put and get while they run: progress, notices below the bar, and interruption.

import { StoppedError } from "../../client/problems.ts";
import type { Progress } from "../../client/progress.ts";
import { plainLines } from "../../plainText.ts";
import { ProgressBar } from "../progressBar.ts";

const everyMs = 100;

/** A transfer on the screen. `done` may go back: what was sent in vain is taken off. */
export class Transfer implements Progress, Disposable {
  /** The activity, a word. */
  #label = "";
  /** Bytes. */
  done = 0;
  /** Bytes; 0 while it is not known. */
  total: number;
  readonly stop: AbortSignal;
  readonly #bar = new ProgressBar();
  readonly #timer: Timer;
  readonly #release: () => void;

  constructor(label: string, total: number) {
    this.total = total;
    const { signal, release } = catchSignals();
    this.stop = signal;
    this.#release = release;
    // By the clock, not by events: the bar moves on while nothing comes, and says so by its rate.
    this.#timer = setInterval(() => this.#show(), everyMs);
    this.begin(label);
  }

  /** Another activity begins: the rate starts again. */
  begin(label: string): void {
    this.#label = label;
    this.#show();
  }

  /** @param count negative: it was in vain. */
  readonly add = (count: number): void => {
    this.done += count;
  };

  /** One line on standard error; the bar continues below it. */
  readonly say = (text: string): void => {
    this.#bar.clear();
    // Not by `complain`, which makes red of it: not all that is said here is bad.
    process.stderr.write(`${plainLines(text)}\n`);
  };

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#bar.clear();
    this.#release();
  }

  #show(): void {
    const { done, total } = this;
    this.#bar.show({ label: this.#label, unit: "bytes", done, total });
  }
}

/** The first signal stops the transfer; from then on a second one ends the process at once. */
function catchSignals(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const release = (): void => {
    process.off("SIGINT", onInterrupt);
    process.off("SIGTERM", onTerminate);
  };
  const stop = (name: "SIGINT" | "SIGTERM"): void => {
    release();
    controller.abort(new StoppedError(name));
  };
  const onInterrupt = (): void => stop("SIGINT");
  const onTerminate = (): void => stop("SIGTERM");
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onTerminate);
  return { signal: controller.signal, release };
}
