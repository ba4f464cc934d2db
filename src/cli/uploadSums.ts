// What `breadbox uploads` adds up while it prints: there may be a million uploads, and none is kept.
import type { Tool } from "../tool.ts";

type PageOf<T> = T extends AsyncIterable<infer Page> ? Page : never;
/** An open session. */
export type Listed = PageOf<ReturnType<Tool["listUploads"]>>[number];
/** An open upload in parts. */
export type Parts = PageOf<ReturnType<Tool["listParts"]>>[number];

/** What sessions add up to. */
export type Sums = Awaited<ReturnType<Tool["sumUploads"]>>;

/** A session that was removed, or an upload in parts. */
export interface DroppedOne {
  readonly id: string;
  /** Or the object that it was for. */
  readonly repository: string;
  readonly offset: number;
}

/** The totals of removed uploads. */
export interface Dropped {
  readonly sessions: number;
  readonly bytes: number;
  readonly spared: number;
  /** null when none was removed. */
  readonly first: DroppedOne | null;
}

/** The totals of a list, as far as it was read. */
export class ListSums {
  uploads = 0;
  bytes = 0;
  writing = 0;

  /** The same pages. */
  async *sessions(pages: AsyncIterable<readonly Listed[]>): AsyncGenerator<readonly Listed[]> {
    for await (const page of pages) {
      this.uploads += page.length;
      for (const { bytes, writing } of page) {
        this.bytes += bytes;
        if (writing) this.writing += 1;
      }
      yield page;
    }
  }

  /** The same pages. */
  async *parts(pages: AsyncIterable<readonly Parts[]>): AsyncGenerator<readonly Parts[]> {
    for await (const page of pages) {
      this.uploads += page.length;
      for (const { bytes } of page) this.bytes += bytes;
      yield page;
    }
  }
}

/** Sessions that end while their pages are read. */
export class Removal {
  readonly #tool: Pick<Tool, "dropUploads" | "sumUploads">;
  readonly #idleMs: number | null;
  /** Complete once all pages were read. */
  sums: Dropped = { sessions: 0, bytes: 0, spared: 0, first: null };
  /** Why bytes could not be deleted. */
  failure: Error | null = null;

  constructor(tool: Pick<Tool, "dropUploads" | "sumUploads">, idleMs: number | null) {
    this.#tool = tool;
    this.#idleMs = idleMs;
  }

  async *sessions(): AsyncGenerator<readonly DroppedOne[]> {
    for await (const { sessions, failure } of this.#tool.dropUploads(this.#idleMs)) {
      const bytes = sessions.reduce((sum, { offset }) => sum + offset, this.sums.bytes);
      this.sums = {
        ...{ sessions: this.sums.sessions + sessions.length, bytes, spared: 0 },
        first: this.sums.first ?? sessions[0] ?? null,
      };
      this.failure ??= failure;
      yield sessions;
    }
    const { writing: spared } = await this.#tool.sumUploads(this.#idleMs);
    this.sums = { ...this.sums, spared };
  }
}
