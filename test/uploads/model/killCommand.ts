// kill -9 inside a request: afterwards the request has happened, or it has not.
import type fc from "fast-check";
import type { Content } from "./actions.ts";
import { agree, expectBlob, nothing } from "./command.ts";
import { bytesOf, type Sent, type SessionsModel } from "./model.ts";
import type { ServerRegistry } from "./server.ts";

/** Which request, and how many ms after it was sent. */
export interface Killed {
  readonly slot: number;
  readonly content: Content;
  /** A closing PUT that carries the content, or a PATCH. */
  readonly closing: boolean;
  readonly afterMs: number;
}

/** A chunk or a closing request that the server does not outlive. */
export class KillCommand implements fc.AsyncCommand<SessionsModel, ServerRegistry> {
  readonly #killed: Killed;

  constructor(killed: Killed) {
    this.#killed = killed;
  }

  check(model: Readonly<SessionsModel>): boolean {
    return model.openIds.length > 0;
  }

  async run(model: SessionsModel, real: ServerRegistry): Promise<void> {
    const { content, closing, slot } = this.#killed;
    const open = model.openIds;
    const id = open[slot % open.length] ?? "";
    const body = bytesOf(content);
    const sent: Sent = { body, range: null, length: body.length, cut: false };
    await (closing
      ? this.#close(model, real, { id, sent })
      : this.#append(model, real, { id, sent }));
  }

  async #append(
    model: SessionsModel,
    real: ServerRegistry,
    { id, sent }: { readonly id: string; readonly sent: Sent },
  ): Promise<void> {
    const before = model.bytes(id)?.length ?? 0;
    const answer = await real.killDuring(() => real.patch(id, sent), this.#killed.afterMs);
    const status = await real.status(id, false);
    // An answer that did not arrive leaves both open.
    const happened = answer !== null || status.offset !== before;
    if (happened) {
      const expected = model.patch(id, sent);
      if (answer !== null) agree(expected, answer);
    }
    agree(model.status(id, false), status);
  }

  async #close(
    model: SessionsModel,
    real: ServerRegistry,
    { id, sent }: { readonly id: string; readonly sent: Sent },
  ): Promise<void> {
    const whole = Buffer.concat([model.bytes(id) ?? nothing.body, sent.body]);
    const digest = model.digest(id, sent.body, "right");
    const answer = await real.killDuring(() => real.finish(id, sent, digest), this.#killed.afterMs);
    const status = await real.status(id, false);
    if (answer !== null || status.status === 404) {
      const expected = model.finish(id, sent, digest);
      if (answer !== null) agree(expected, answer);
      agree(model.finish(id, nothing, digest), await real.finish(id, nothing, digest));
      await expectBlob(real, digest, whole);
    }
    agree(model.status(id, false), status);
  }

  /** What fast-check prints for a run that fails. */
  toString(): string {
    return JSON.stringify({ kind: "kill -9", ...this.#killed });
  }
}
