// What a setting is made of.
import type { Kind } from "./values.ts";

/** A variable that distribution/distribution users already set. `values` maps its words to ours. */
export interface Alias {
  readonly name: string;
  readonly values?: Readonly<Record<string, string>>;
}

/** An option of the command line: short and long name, and the word for its value, or what it means without one. */
export interface Flag {
  readonly short?: string;
  readonly long: string;
  readonly value: string | { readonly meaning: string };
  /** For --help; by default the setting's own text and default. */
  readonly doc?: string;
}

/** `-d, --data <DIR>`. @param word how the word for a value is written, with its brackets if it has any. */
export function flagText({ short, long, value }: Flag, word: (value: string) => string): string {
  const names = short === undefined ? long : `${short}, ${long}`;
  return typeof value === "string" ? `${names} ${word(value)}` : names;
}

/** Optional members of a setting. */
export interface SettingOptions {
  /** Where two of them are set, the later one counts. */
  readonly aliases?: readonly Alias[];
  readonly flag?: Flag;
  /** Never printed. */
  readonly secret?: boolean;
}

/** One setting. `fallback` is its default as a user would write it; `doc` is Markdown, whole sentences. */
export interface Setting<T> extends SettingOptions {
  readonly kind: Kind<T>;
  readonly fallback: string;
  readonly doc: string;
}

/** Declares a setting: kind of value, default, what it does. */
export const setting = <T>(
  kind: Kind<T>,
  fallback: string,
  doc: string,
  options: SettingOptions = {},
): Setting<T> => ({ kind, fallback, doc, ...options });
