// A chunk that stalls in its middle while time passes, the sweep runs and others want the session: nobody takes it over, and what
// the stalled request brings in the end counts, unless the session was cancelled.
import type fc from "fast-check";
import type { Content } from "./actions.ts";
import { agree, nothing, type Registry } from "./command.ts";
import { type Answer, bytesOf, type Sent, type SessionsModel } from "./model.ts";

/** How it stalls. */
export interface Stalled {
  readonly slot: number;
  readonly content: Content;
  /** Its connection breaks in the end. */
  readonly cut: boolean;
  /** How long it stalls; a sweep follows. */
  readonly minutes: number;
  /** What others send meanwhile. */
  readonly other: Content;
  readonly isCancelled: boolean;
}

/** A registry whose clients can stall. */
export interface StallingRegistry extends Registry {
  /** As `patch`; the body goes on when `meanwhile` is over. */
  stall(id: string, sent: Sent, meanwhile: () => Promise<void>): Promise<Answer>;
}

const busy: Answer = { status: 429, offset: null };

/** A chunk that stalls. */
export class StallCommand implements fc.AsyncCommand<SessionsModel, StallingRegistry> {
  readonly #stalled: Stalled;

  constructor(stalled: Stalled) {
    this.#stalled = stalled;
  }

  check(model: Readonly<SessionsModel>): boolean {
    return model.openIds.length > 0;
  }

  async run(model: SessionsModel, real: StallingRegistry): Promise<void> {
    const { slot, content, cut } = this.#stalled;
    const open = model.openIds;
    const id = open[slot % open.length] ?? "";
    const body = bytesOf(content);
    const sent: Sent = { body, range: null, length: cut ? body.length + 10 : body.length, cut };
    const answer = await real.stall(id, sent, () => this.#meanwhile(model, real, id));
    agree(model.patch(id, sent), answer);
  }

  async #meanwhile(model: SessionsModel, real: Registry, id: string): Promise<void> {
    const { minutes, other, isCancelled } = this.#stalled;
    model.wait(minutes, id);
    await real.wait(minutes);
    const body = bytesOf(other);
    agree(busy, await real.patch(id, { body, range: null, length: body.length, cut: false }));
    const whole = model.digest(id, nothing.body, "right");
    agree(busy, await real.finish(id, nothing, whole));
    agree(model.status(id, false), await real.status(id, false));
    if (isCancelled) agree(model.cancel(id, false), await real.cancel(id, false));
  }

  /** What fast-check prints for a run that fails. */
  toString(): string {
    return JSON.stringify({ kind: "stall", ...this.#stalled });
  }
}
