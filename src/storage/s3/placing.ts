// The staged bytes of a session as one object under the key that its content keeps. No byte is copied unless something went wrong before.
import { RegistryError } from "../../errors.ts";
import type { UploadId } from "../../model/uploadId.ts";
import type { Session } from "../staging.ts";
import { isAbsent, S3Error } from "./failures.ts";
import { cellStart } from "./grid.ts";
import { newContentKey } from "./names.ts";
import { readWhole } from "./reading.ts";
import { reopen } from "./reopen.ts";
import { addEtag, noEtags, parseState, type StagedState } from "./state.ts";
import type { S3Tools } from "./tools.ts";
import type { Upload, UploadedPart } from "./uploads.ts";

/** The last bytes of a body that is sealed at once: in memory only. */
interface Held {
  /** Of the session with them. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Bytes under the key of their content. */
export interface Placed {
  readonly key: string;
  /** False when an earlier call has put them there: they are read before they count. */
  readonly isOurs: boolean;
}

/** A session whose bytes are placed. */
interface Placement {
  readonly id: UploadId;
  readonly size: number;
  readonly state: StagedState;
  /** The bytes after the last whole cell, if they are in memory. */
  readonly rest: Uint8Array | null;
}

/** A body is sealed right after it was received, and a closing request is repeated for a quarter of an hour. Unit: ms. */
const heldMs = 15 * 60_000;
/** Of all sessions together; one alone may have more. */
const mostHeld = 64 * 1024 * 1024;

/** Places the bytes of sessions. */
export class Placing {
  readonly #tools: S3Tools;
  readonly #now: () => number;
  /** Oldest first. */
  readonly #held = new Map<UploadId, Held & { readonly until: number }>();

  #heldBytes = 0;

  /** @param now monotonic ms. */
  constructor(tools: S3Tools, now: () => number = () => performance.now()) {
    this.#tools = tools;
    this.#now = now;
  }

  /** Keeps the last bytes of a session until its seal. @returns false when so much is kept that they have to be written. */
  hold(id: UploadId, held: Held): boolean {
    const now = this.#now();
    this.forget(id);
    // Their commit failed, and if another replica has ended them since, nobody tells this one.
    for (const [oldest, { until }] of this.#held) {
      if (until > now) break;
      this.forget(oldest);
    }
    if (this.#heldBytes > 0 && this.#heldBytes + held.bytes.length > mostHeld) return false;
    this.#held.set(id, { offset: held.offset, bytes: held.bytes.slice(), until: now + heldMs });
    this.#heldBytes += held.bytes.length;
    return true;
  }

  /** True when the session's last bytes are in memory only. */
  isHeld(id: UploadId): boolean {
    return this.#held.has(id);
  }

  forget(id: UploadId): void {
    this.#heldBytes -= this.#held.get(id)?.bytes.length ?? 0;
    this.#held.delete(id);
  }

  /** @throws RegistryError UPLOAD_UNKNOWN when bytes are missing, UPLOAD_DAMAGED when they are others; S3Error. */
  place({ id, offset: size, staging }: Session): Promise<Placed> {
    const held = this.#held.get(id);
    const rest = held?.offset === size ? held.bytes : null;
    const placement = { id, size, rest, state: parseState(staging) };
    return placement.state.upload === null
      ? this.#placeSmall(placement)
      : this.#placeBig(placement);
  }

  async #placeSmall({ id, size, state, rest }: Placement): Promise<Placed> {
    const { objects, newId } = this.#tools;
    const { key, kind } = state;
    if (rest !== null || size === 0) {
      await objects.put(key, rest ?? new Uint8Array());
      // From now on they are in the bucket, whatever becomes of the seal.
      this.forget(id);
      return { key, isOurs: true };
    }
    const found = await objects.head(key);
    if (found === null || found.size < size) throw new RegistryError("UPLOAD_UNKNOWN");
    if (found.size === size) return { key, isOurs: true };
    const bytes = await readWhole(objects, key, size);
    if (bytes === null) throw new RegistryError("UPLOAD_UNKNOWN");
    const cut = newContentKey(id, kind, newId);
    await objects.put(cut, bytes);
    return { key: cut, isOurs: true };
  }

  async #placeBig(placement: Placement): Promise<Placed> {
    const { id, size, state } = placement;
    const parts = await this.#partsOf(state);
    if (parts !== null) return this.#complete(placement, parts);
    const found = await this.#tools.objects.head(state.key);
    if (found?.size === size) return { key: state.key, isOurs: false };
    return this.#completeAgain(placement, await reopen(this.#tools, id, state));
  }

  /** @returns null when the S3 upload has ended. */
  async #partsOf({ key, upload, parts }: StagedState): Promise<readonly UploadedPart[] | null> {
    const found = await this.#tools.uploads.parts({ key, upload: upload ?? "" });
    // Some servers list an upload that has ended as one without parts.
    return found?.length === 0 && parts > 0 ? null : found;
  }

  async #completeAgain(placement: Placement, state: StagedState): Promise<Placed> {
    const parts = await this.#partsOf(state);
    if (parts === null) throw new RegistryError("UPLOAD_UNKNOWN");
    return this.#complete({ ...placement, state }, parts);
  }

  async #complete(placement: Placement, listed: readonly UploadedPart[]): Promise<Placed> {
    const { uploads, grid } = this.#tools;
    const { state, size } = placement;
    const counted = listed.filter(({ number }) => number <= state.parts);
    this.#assertSame(state, counted);
    const wanted = state.parts + (size === cellStart(grid, state.parts) ? 0 : 1);
    if (listed.some(({ number }) => number > wanted)) {
      const placed = await this.#leaveOut(placement, listed);
      if (placed !== null) return placed;
    }
    const to = { key: state.key, upload: state.upload ?? "" };
    await uploads.complete(to, [...counted, ...(await this.#sendRest(placement, to))]);
    return this.#assertPlaced(placement);
  }

  /**
   * An append that failed has left parts beyond what counts. radosgw completes no upload without all its parts: so all of them become
   * an object first, and what counts of it is copied. @returns null where that is not possible.
   */
  async #leaveOut(placement: Placement, listed: readonly UploadedPart[]): Promise<Placed | null> {
    const { id, state } = placement;
    try {
      await this.#tools.uploads.complete({ key: state.key, upload: state.upload ?? "" }, listed);
    } catch (error) {
      // A short part in the middle: other servers leave it out.
      if (error instanceof S3Error && error.code === "EntityTooSmall") return null;
      throw error;
    }
    return this.#completeAgain(placement, await reopen(this.#tools, id, state));
  }

  /** Also after an answer that was lost: whatever it was, the object is there and whole, or it is not. */
  async #assertPlaced({ state: { key }, size }: Placement): Promise<Placed> {
    const found = await this.#tools.objects.head(key);
    if (found === null) throw new RegistryError("UPLOAD_UNKNOWN");
    if (found.size !== size) throw new RegistryError("UPLOAD_DAMAGED");
    return { key, isOurs: true };
  }

  /** @throws RegistryError UPLOAD_DAMAGED for parts that another writer has changed. */
  #assertSame(state: StagedState, counted: readonly UploadedPart[]): void {
    const chain = counted.map(({ etag }) => etag).reduce(addEtag, noEtags);
    if (counted.length !== state.parts || chain !== state.etags) {
      throw new RegistryError("UPLOAD_DAMAGED");
    }
  }

  /** Bytes after the last cell become the last part, which may be short. @returns no part where there are none. */
  async #sendRest(
    { size, state, rest }: Placement,
    to: Upload,
  ): Promise<Pick<UploadedPart, "number" | "etag">[]> {
    const { uploads, grid } = this.#tools;
    if (size === cellStart(grid, state.parts)) return [];
    const number = state.parts + 1;
    if (rest !== null) return [{ number, etag: await uploads.send(to, number, rest) }];
    if (state.tail === null) throw new RegistryError("UPLOAD_UNKNOWN");
    try {
      return [{ number, etag: await uploads.copy(to, number, state.tail, null) }];
    } catch (error) {
      if (isAbsent(error)) throw new RegistryError("UPLOAD_UNKNOWN", { cause: error });
      throw error;
    }
  }
}
