// An htpasswd file on disk: read again when it changes, so that a new line counts without a restart.
import type { Action } from "./actions.ts";
import { type Htpasswd, readHtpasswd } from "./htpasswd.ts";

/** How often the file is looked at, ms. */
const lookEveryMs = 1000;

/** A file, and what its users get. */
export interface HtpasswdOptions {
  readonly path: string;
  /** What its users may do in every repository where no rule says anything. */
  readonly rights: readonly Action[];
  readonly onNotice: (sentence: string) => void;
  /** Monotonic ms. */
  readonly now: () => number;
}

/** The users of a file. One that cannot be read has none. */
export class HtpasswdFile {
  /** What its users may do in every repository where no rule says anything. */
  readonly rights: ReadonlySet<Action>;
  readonly #path: string;
  readonly #onNotice: (sentence: string) => void;
  readonly #now: () => number;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #version = "";
  /** The look that is under way. */
  #looking: Promise<void> | null = null;
  #file: Htpasswd = { hashes: new Map(), objections: [] };

  constructor({ path, rights, onNotice, now }: HtpasswdOptions) {
    this.#path = path;
    this.rights = new Set(rights);
    this.#onNotice = onNotice;
    this.#now = now;
  }

  /** @returns the bcrypt hash of a user's password, or null. */
  async hashOf(name: string): Promise<string | null> {
    await this.#refresh();
    return this.#file.hashes.get(name) ?? null;
  }

  /** A hash as those of the file, to compare with where there is no user; null when it has none. */
  async decoy(): Promise<string | null> {
    await this.#refresh();
    return this.#file.hashes.values().next().value ?? null;
  }

  /** Requests that come while the file is read wait for it: before the first look there are no users. */
  async #refresh(): Promise<void> {
    if (this.#looking === null) {
      if (this.#now() - this.#lookedAt < lookEveryMs) return;
      this.#lookedAt = this.#now();
      this.#looking = this.#look().finally(() => {
        this.#looking = null;
      });
    }
    await this.#looking;
  }

  async #look(): Promise<void> {
    const file = Bun.file(this.#path);
    try {
      const { mtimeMs, size, ino } = await file.stat();
      const version = `${mtimeMs} ${size} ${ino}`;
      if (version === this.#version) return;
      this.#file = readHtpasswd(await file.text());
      this.#version = version;
      for (const objection of this.#file.objections) this.#onNotice(`${this.#path}: ${objection}`);
    } catch {
      if (this.#version !== "absent")
        this.#onNotice(`${this.#path} cannot be read: its users cannot log in`);
      this.#file = { hashes: new Map(), objections: [] };
      this.#version = "absent";
    }
  }
}
