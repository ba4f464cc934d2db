// Storage in which something happens when the file of content is looked up for an answer.
import { smallest } from "../../../src/storage/filesystem/reading/lately.ts";
import type { Storage } from "../../../src/storage/storage.ts";

type Open = Storage["content"]["open"];

/** The same storage. @param open looks files up instead; it gets the real look. */
export function openingBy(storage: Storage, open: (look: Open) => Open): Storage {
  const { content } = storage;
  const replaced = open((row) => content.open(row));
  const changed = new Proxy(content, {
    get: (target, name) => {
      if (name === "open") return replaced;
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { ...storage, content: changed };
}

/** Pads a text so that its content is not read when it is looked up: what is smaller cannot be lost between the two. */
export const notKept = (text: string): string => text.padEnd(smallest + 1);
