// Content in a bucket: objects whose keys are used once.
import type { Locator } from "../../model/locator.ts";
import type {
  Content,
  LinkOptions,
  OpenedContent,
  SendableContent,
  StoredName,
  StoredRow,
  StoredStat,
} from "../content.ts";
import { answerOf } from "./failures.ts";
import type { Links } from "./links.ts";
import { contentOwner, folders, readStoredName } from "./names.ts";
import type { ListedObject } from "./objects.ts";
import { RemoteReader } from "./remoteReader.ts";
import type { S3Tools } from "./tools.ts";

/** This group of the port. */
export class S3Content implements Content {
  readonly #tools: S3Tools;
  readonly #links: Links | null;
  readonly #seen = new Seen();

  /** @param links null: clients get all bytes from this server. */
  constructor(tools: S3Tools, links: Links | null) {
    this.#tools = tools;
    this.#links = links;
  }

  async open({ locator, size }: StoredRow): Promise<OpenedContent | null> {
    const found = this.#seen.size(locator) ?? (await this.stat(locator))?.size;
    if (found !== size) return null;
    this.#seen.note(locator, size);
    const links = this.#links?.areGood ? this.#links : null;
    const link = links && ((options: LinkOptions) => links.of(keyOf(locator), options));
    return { kind: "remote", link };
  }

  async reader(locator: Locator): Promise<SendableContent | null> {
    const size = this.#seen.size(locator) ?? (await this.stat(locator))?.size;
    return size === undefined ? null : new RemoteReader(this.#tools.objects, keyOf(locator), size);
  }

  async stat(locator: Locator): Promise<StoredStat | null> {
    const found = await answering(() => this.#tools.objects.head(keyOf(locator)));
    return found === null ? null : { size: found.size };
  }

  async *list(): AsyncGenerator<readonly StoredName[]> {
    for await (const page of this.#tools.objects.list(folders.data)) yield namesOf(page);
  }

  async delete(locator: Locator): Promise<void> {
    this.#seen.forget(locator);
    await answering(() => this.#tools.objects.remove(keyOf(locator)));
  }

  /** A session's bytes stay: its next writer may have them in its state. Its end, or a collection, deletes them. */
  async release(locator: Locator): Promise<void> {
    if (contentOwner(keyOf(locator))?.kind !== "session") await this.delete(locator);
  }

  readonly nameOf = readStoredName;
}

/** How long an object that was there is believed to be there, ms. Content without a row is not asked for. */
const believedMs = 600_000;
const mostSeen = 10_000;

/** Objects that were looked at: a pull of one that is asked for often makes no call. */
class Seen {
  readonly #sizes = new Map<Locator, { readonly size: number; readonly until: number }>();

  size(locator: Locator): number | undefined {
    const found = this.#sizes.get(locator);
    return found !== undefined && performance.now() < found.until ? found.size : undefined;
  }

  note(locator: Locator, size: number): void {
    if (this.size(locator) !== undefined) return;
    this.#sizes.delete(locator);
    this.#sizes.set(locator, { size, until: performance.now() + believedMs });
    const [oldest] = this.#sizes.keys();
    if (this.#sizes.size > mostSeen && oldest !== undefined) this.#sizes.delete(oldest);
  }

  forget(locator: Locator): void {
    this.#sizes.delete(locator);
  }
}

/** Keys of content; others are left out. */
export function namesOf(page: readonly ListedObject[]): readonly StoredName[] {
  return page.map(({ key }) => readStoredName(key)).filter((name) => name !== null);
}

/** A content's locator is its key. @throws Error for a locator of another storage. */
export function keyOf(locator: Locator): string {
  if (readStoredName(locator) === null) throw new Error("malformed locator in the database");
  return locator;
}

/** @throws what `answerOf` makes of a failure. */
export async function answering<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw answerOf(error);
  }
}
