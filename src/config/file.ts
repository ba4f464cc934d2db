// The configuration file: YAML with positions. Loaded only when there is a file, since the parser takes time to start.
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { didYouMean, nearest, snakeCase } from "../spelling.ts";
import { settingOfForeign } from "./distribution.ts";
import { camelCase } from "./names.ts";
import type { Problem } from "./problem.ts";
import { ReadError, readText } from "./readText.ts";
import { findKey, type SettingKey, settingKeys, settingOf } from "./settings.ts";

/** A value as written, and its position. */
export interface GivenValue {
  readonly key: SettingKey;
  readonly text: string;
  readonly where: string;
}

/** A source's values and its problems. */
export interface Reading {
  readonly values: GivenValue[];
  readonly problems: Problem[];
}

const LIMIT = 1024 * 1024;

/** Paths of all sections, such as `gc`. */
const sections = new Set(
  settingKeys.flatMap((key) => {
    const parts = key.split(".");
    return parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join("."));
  }),
);

/** Reads a file, which its problems call `name`. */
export function readConfigFile(path: string, name: string): Reading {
  try {
    return parseConfigText(readText(path, LIMIT), name);
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    return { values: [], problems: [{ where: name, message: error.message }] };
  }
}

/** Reads the text of a file whose name is `name`. */
export function parseConfigText(text: string, name: string): Reading {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false, // found while walking, where both spellings of a key are known
  });
  return new Walk(document, lines, name).read();
}

/** Nothing, or a key with nothing after it. */
const isEmpty = (node: unknown): boolean => !node || (isScalar(node) && node.value === null);

/** `source` keeps what was written: the setting's own parser decides what 0x10 means. */
const textOf = (node: Scalar): string =>
  typeof node.value === "string" ? node.value : String(node.source ?? node.value);

type Document = ReturnType<typeof parseDocument>;
type Place = { readonly range?: readonly [number, ...number[]] | null | undefined };

/** One walk over one document: collects values and problems. */
class Walk {
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #name: string;
  readonly #seen = new Map<string, string>();
  readonly #reading: Reading = { values: [], problems: [] };

  constructor(document: Document, lines: LineCounter, name: string) {
    this.#document = document;
    this.#lines = lines;
    this.#name = name;
  }

  read(): Reading {
    const errors = this.#document.errors;
    // The parser recurses: a file of brackets only exhausts its stack.
    if (errors.some(({ code }) => code === "RESOURCE_EXHAUSTION")) {
      this.#object(null, "is nested too deeply.");
    } else if (errors.length > 0) {
      // After a syntax error the rest of the tree is a guess.
      for (const error of errors) this.#syntaxError(error);
    } else {
      this.#readRoot(this.#document.contents);
    }
    return this.#reading;
  }

  #syntaxError({ code, message, pos }: Document["errors"][number]): void {
    const text =
      code === "MULTIPLE_DOCS"
        ? "a second document begins here; only one can be used."
        : `is not valid YAML: ${message.replace(/\.?$/, ".")}`;
    this.#object({ range: pos }, text);
  }

  #readRoot(root: Document["contents"]): void {
    if (isEmpty(root)) return;
    if (isMap(root)) this.#section(root, "");
    else
      this.#object(
        root,
        'holds no settings. Write lines such as "http:" and below it "  listen: …".',
      );
  }

  #position(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${this.#name}:${line}:${col}`;
  }

  #where(place: Place | null | undefined): string {
    return place?.range ? this.#position(place.range[0]) : this.#name;
  }

  #object(place: Place | null | undefined, message: string): void {
    this.#reading.problems.push({ where: this.#where(place), message });
  }

  #section(map: YAMLMap<unknown, unknown>, path: string): void {
    for (const { key, value } of map.items) {
      if (!isScalar(key)) {
        this.#object(map, "a key must be a plain word.");
        continue;
      }
      const typed = String(key.value);
      const name = path === "" ? camelCase(typed) : `${path}.${camelCase(typed)}`;
      const setting = findKey(name);
      if (setting === null && !sections.has(name)) this.#unknown(key, value, path);
      else if (this.#isNew(key, name)) {
        if (setting === null) this.#subsection(key, value, name);
        else this.#value(key, value, setting);
      }
    }
  }

  #isNew(key: Place, name: string): boolean {
    const before = this.#seen.get(name);
    if (before === undefined) this.#seen.set(name, this.#where(key));
    else this.#object(key, `${name} is already set at ${before}. Keep one of the two.`);
    return before === undefined;
  }

  /** The node an alias refers to. The walk ends at known keys, so aliases cannot make it long. */
  #resolve(value: unknown): unknown {
    return isAlias(value) ? value.resolve(this.#document) : value;
  }

  #subsection(key: Place, value: unknown, path: string): void {
    const node = this.#resolve(value);
    if (isMap(node)) this.#section(node, path);
    else if (isAlias(value) || !isEmpty(node)) {
      this.#object(key, `${path} is a section: write its settings below it, indented.`);
    }
  }

  #value(key: Place, value: unknown, setting: SettingKey): void {
    const node = this.#resolve(value);
    if (isAlias(value) && node === undefined) {
      this.#object(
        value,
        `there is no anchor &${value.source} above; quote values that begin with "*".`,
      );
    } else if (isSeq(node) && settingOf(setting).kind.list === true) {
      this.#list(key, node, setting);
    } else if ((isSeq(node) || isMap(node)) && settingOf(setting).kind.structured === true) {
      const text = JSON.stringify(node.toJS(this.#document));
      this.#reading.values.push({ key: setting, text, where: this.#where(node) });
    } else if (!isScalar(node)) {
      this.#object(key, `${setting} takes one value.`);
    } else if (node.value === null) {
      this.#object(key, `${setting} has no value. Write one or remove the line.`);
    } else {
      const where = this.#where(isAlias(value) ? value : node);
      this.#reading.values.push({ key: setting, text: textOf(node), where });
    }
  }

  #list(key: Place, list: YAMLSeq, setting: SettingKey): void {
    const texts: string[] = [];
    for (const item of list.items) {
      const node = this.#resolve(item);
      if (isScalar(node) && node.value !== null) texts.push(textOf(node));
      else
        this.#object(key, `${setting} takes a list of plain values; quote what begins with "*".`);
    }
    this.#reading.values.push({ key: setting, text: texts.join(","), where: this.#where(list) });
  }

  #unknown(key: Scalar, value: unknown, path: string): void {
    const typed = String(key.value);
    const foreign = foreignKeys(this.#resolve(value), [...path.split(".").filter(Boolean), typed]);
    for (const { name, setting } of foreign) {
      this.#object(key, `${name} is ${setting} here.`);
    }
    if (foreign.length > 0) return;
    const shown = `unknown key ${JSON.stringify(typed.slice(0, 100))}`;
    if (path === "" && typed === "version") {
      this.#object(key, `${shown}. ${FOREIGN_FILE}`);
      return;
    }
    const inside = path === "" ? "" : ` in ${path}`;
    this.#object(key, `${shown}${inside}.${didYouMean(suggestKey(typed, path))}`);
  }
}

/** Every file of distribution/distribution begins with its version. */
const FOREIGN_FILE =
  'This is a configuration file of distribution/distribution: "breadbox config import FILE > breadbox.yml" turns it into one of Breadbox.';

/** Deepest key of distribution's file that is a setting here. */
const deepestForeign = 4;

/** Settings that distribution has under this key or below it, and what they are called here. */
function foreignKeys(
  node: unknown,
  path: readonly string[],
): { readonly name: string; readonly setting: SettingKey }[] {
  if (isMap(node) && path.length < deepestForeign) {
    return node.items.flatMap(({ key, value }) =>
      isScalar(key) ? foreignKeys(value, [...path, String(key.value)]) : [],
    );
  }
  const setting = settingOfForeign(path);
  return setting === null ? [] : [{ name: path.join("."), setting }];
}

/** The nearest key of the same section, else a key of that name in another one. In the spelling that was typed. */
function suggestKey(typed: string, path: string): string | null {
  const prefix = path === "" ? "" : `${path}.`;
  const siblings = [...settingKeys, ...sections]
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .filter((name) => !name.includes("."));
  const own = nearest(typed, siblings);
  const found = own ?? nearest(typed, settingKeys) ?? elsewhere(typed);
  return found !== null && typed.includes("_") ? snakeCase(found) : found;
}

function elsewhere(typed: string): string | null {
  const word = nearest(
    typed,
    settingKeys.map((key) => key.slice(key.lastIndexOf(".") + 1)),
  );
  return settingKeys.find((key) => word !== null && key.endsWith(`.${word}`)) ?? null;
}
