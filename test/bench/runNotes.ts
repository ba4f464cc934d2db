// What a run has measured so far, a line each: a run takes hours, and one that broke off can go on.
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Column } from "./growth/column.ts";
import type { TurnResult } from "./turn.ts";

/** What has to be the same for figures to be of one run. */
export interface RunKey {
  readonly commit: string;
  readonly quick: boolean;
  readonly rounds: number | null;
}

/** One turn of a metric, or one size of the store. */
export type Noted =
  | ({ readonly turn: string; readonly failure?: undefined } & TurnResult)
  | { readonly turn: string; readonly failure: string }
  | ({ readonly turn: string } & Column);

/** The notes of one run. */
export class RunNotes {
  readonly #path: string;
  readonly #noted = new Map<string, Noted>();

  private constructor(path: string) {
    this.#path = path;
  }

  /** Begins anew. */
  static begin(path: string, key: RunKey): RunNotes {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify(key)}\n`);
    return new RunNotes(path);
  }

  /** Goes on with a run. @throws Error when there is none, or it is another one. */
  static resume(path: string, key: RunKey): RunNotes {
    if (!existsSync(path)) throw new Error("There is no run to resume.");
    // The last line may be half of one.
    const text = readFileSync(path, "utf8").replace(/[^\n]+$/, "");
    const [head = "", ...lines] = text.trimEnd().split("\n");
    if (head !== JSON.stringify(key)) {
      throw new Error(`The last run was another one, ${head}: figures of both cannot be mixed.`);
    }
    writeFileSync(path, text);
    const notes = new RunNotes(path);
    for (const line of lines) notes.#keep(JSON.parse(line));
    return notes;
  }

  #keep(noted: Noted): void {
    this.#noted.set(noted.turn, noted);
  }

  /** @returns what was measured by that name; null for nothing, or a failure: that is tried again. */
  find<K extends "values" | "times">(
    turn: string,
    kind: K,
  ): Extract<Noted, Record<K, unknown>> | null {
    const noted = this.#noted.get(turn);
    return noted !== undefined && has(noted, kind) ? noted : null;
  }

  add(noted: Noted): void {
    appendFileSync(this.#path, `${JSON.stringify(noted)}\n`);
    this.#keep(noted);
  }
}

const has = <K extends "values" | "times">(
  noted: Noted,
  kind: K,
): noted is Extract<Noted, Record<K, unknown>> => kind in noted;
