// Content in a bucket: objects whose keys are used once.
import type { Locator } from "../../model/locator.ts";
import type {
  Content,
  OpenedContent,
  SendableContent,
  StoredName,
  StoredRow,
  StoredStat,
} from "../content.ts";
import { answerOf } from "./failures.ts";
import { contentOwner, folders, readStoredName } from "./names.ts";
import type { ListedObject } from "./objects.ts";
import { openRemote } from "./remoteReader.ts";
import type { S3Tools } from "./tools.ts";

/** This group of the port. */
export class S3Content implements Content {
  readonly #tools: S3Tools;

  constructor(tools: S3Tools) {
    this.#tools = tools;
  }

  async open({ locator, size }: StoredRow): Promise<OpenedContent | null> {
    const found = await this.stat(locator);
    return found?.size === size ? { kind: "remote" } : null;
  }

  reader(locator: Locator): Promise<SendableContent | null> {
    return answering(() => openRemote(this.#tools.objects, keyOf(locator)));
  }

  async stat(locator: Locator): Promise<StoredStat | null> {
    const found = await answering(() => this.#tools.objects.head(keyOf(locator)));
    return found === null ? null : { size: found.size };
  }

  async *list(): AsyncGenerator<readonly StoredName[]> {
    for await (const page of this.#tools.objects.list(folders.data)) yield namesOf(page);
  }

  async delete(locator: Locator): Promise<void> {
    await answering(() => this.#tools.objects.remove(keyOf(locator)));
  }

  /** A session's bytes stay: its next writer may have them in its state. Its end, or a collection, deletes them. */
  async release(locator: Locator): Promise<void> {
    if (contentOwner(keyOf(locator))?.kind !== "session") await this.delete(locator);
  }

  readonly nameOf = readStoredName;
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
