// One action on the model and on a registry: both must answer the same.
import type fc from "fast-check";
import { type Digest, digestOf } from "../../../src/model/digest.ts";
import { type Action, anySlot } from "./actions.ts";
import type { Answer, Sent, SessionsModel } from "./model.ts";

/** What is compared with the model. Answers are statuses; nothing is thrown but what no client may see. */
export interface Registry {
  /**
   * False for a process that is killed: any number of a cut body's bytes may count, and a session's folder may outlive it until
   * the next sweep.
   */
  readonly exact: boolean;
  /** @returns the session's id. */
  start(): Promise<string>;
  patch(id: string, sent: Sent): Promise<Answer>;
  finish(id: string, sent: Sent, digest: Digest): Promise<Answer>;
  /** `foreign`: under the name of another repository. */
  status(id: string, foreign: boolean): Promise<Answer>;
  cancel(id: string, foreign: boolean): Promise<Answer>;
  uploadAtOnce(sent: Sent, digest: Digest): Promise<Answer>;
  /** The bytes of a blob; null when the repository has none. */
  blob(digest: Digest): Promise<Uint8Array | null>;
  restart(): Promise<void>;
  /** Moves the clock and sweeps. */
  wait(minutes: number): Promise<void>;
  /** Drops what a run that failed has left. */
  reset(): Promise<void>;
  /** Names of the sessions that have a folder. */
  stagedIds(): Promise<string[]>;
}

export const nothing: Sent = { body: new Uint8Array(), range: null, length: 0, cut: false };

/** An action as fast-check runs it. @throws Error when model and registry differ. */
export class ActionCommand implements fc.AsyncCommand<SessionsModel, Registry> {
  readonly #action: Action;

  constructor(action: Action) {
    this.#action = action;
  }

  /** Most actions are about a session that is open. */
  check(model: Readonly<SessionsModel>): boolean {
    const action = this.#action;
    return !("slot" in action) || action.slot === anySlot || model.openIds.length > 0;
  }

  async run(model: SessionsModel, real: Registry): Promise<void> {
    const action = this.#action;
    switch (action.kind) {
      case "start":
        model.start(await real.start());
        return;
      case "patch": {
        const id = model.pick(action.slot);
        const before = model.bytes(id)?.length ?? 0;
        const sent = model.plan(action.carried, before);
        agreeOnSent(real, sent, model.patch(id, sent), await real.patch(id, sent));
        await settleCut(model, real, { id, sent, before });
        return;
      }
      case "finish": {
        const id = model.pick(action.slot);
        const before = model.bytes(id)?.length ?? 0;
        const sent = model.plan(action.carried, before);
        const digest = model.digest(id, sent.body, action.digest);
        const whole = Buffer.concat([model.bytes(id) ?? nothing.body, sent.body]);
        const expected = model.finish(id, sent, digest);
        agreeOnSent(real, sent, expected, await real.finish(id, sent, digest));
        if (expected.status === 201 && before + sent.body.length > 0) {
          await expectBlob(real, digest, whole);
        }
        await settleCut(model, real, { id, sent, before });
        return;
      }
      case "finish again": {
        const id = model.pick(action.slot);
        const digest = action.same ? model.finishedAs(id) : null;
        const asked = digest ?? model.digest(null, nothing.body, "wrong");
        agree(model.finish(id, nothing, asked), await real.finish(id, nothing, asked));
        return;
      }
      case "status": {
        const id = model.pick(action.slot);
        agree(model.status(id, action.foreign), await real.status(id, action.foreign));
        return;
      }
      case "cancel": {
        const id = model.pick(action.slot);
        agree(model.cancel(id, action.foreign), await real.cancel(id, action.foreign));
        return;
      }
      case "upload at once": {
        const sent = model.plan(action.carried, 0);
        const digest = model.digest(null, sent.body, action.digest);
        const expected = model.uploadAtOnce(sent, digest);
        agreeOnSent(real, sent, expected, await real.uploadAtOnce(sent, digest));
        if (expected.status === 201) await expectBlob(real, digest, sent.body);
        return;
      }
      case "restart":
        await real.restart();
        return;
      case "wait":
        model.wait(action.minutes);
        await real.wait(action.minutes);
        await expectFolders(model, real);
        return;
      default:
        action satisfies never;
    }
  }

  /** What fast-check prints for a run that fails. */
  toString(): string {
    return JSON.stringify(this.#action);
  }
}

/** The end of a run: every open session says what the model says, has its folder, and can be cancelled; nothing else is left. */
export async function endRun(model: SessionsModel, real: Registry): Promise<void> {
  await expectFolders(model, real);
  for (const id of model.openIds) {
    agree(model.status(id, false), await real.status(id, false));
    agree(model.cancel(id, false), await real.cancel(id, false));
  }
  await expectFolders(model, real);
}

/** Where nobody knows how much of a cut body arrived, the registry says so, and the model keeps that much. */
export async function settleCut(
  model: SessionsModel,
  real: Registry,
  { id, sent, before }: { readonly id: string; readonly sent: Sent; readonly before: number },
): Promise<void> {
  const after = model.bytes(id)?.length;
  if (!sent.cut || after === undefined || real.exact) return;
  const { status, offset } = await real.status(id, false);
  if (status !== 204 || offset === null || offset < before || offset > after) {
    throw new Error(`after a cut: ${status} with ${offset}, not ${before} to ${after} bytes`);
  }
  model.keep(id, offset);
}

/** Who breaks the connection may miss a refusal that was already on its way. */
function agreeOnSent(real: Registry, sent: Sent, expected: Answer, actual: Answer): void {
  if (sent.cut && actual.status === 0 && !real.exact) return;
  agree(expected, actual);
}

export function agree(expected: Answer, actual: Answer): void {
  const same = expected.status === actual.status;
  if (same && (expected.offset === null || expected.offset === actual.offset)) return;
  throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}

export async function expectBlob(real: Registry, digest: Digest, whole: Uint8Array): Promise<void> {
  const found = await real.blob(digest);
  if (found !== null && Buffer.compare(found, whole) === 0) return;
  const what = found === null ? "is absent" : `has the bytes of ${digestOf(found)}`;
  throw new Error(`${digest} was finished and ${what}`);
}

async function expectFolders(model: SessionsModel, real: Registry): Promise<void> {
  const folders = new Set(await real.stagedIds());
  const open = model.openIds;
  const same = folders.size === open.length || !real.exact;
  if (same && open.every((id) => folders.has(id))) return;
  throw new Error(`open sessions ${open}, staged folders ${[...folders]}`);
}
