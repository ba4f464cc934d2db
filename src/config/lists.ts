// Settings that hold several values: a list in the file, a text with commas everywhere else.
import { isIP } from "node:net";
import { type Kind, ValueError } from "./values.ts";

/** Values of one kind in the order they were given. Their texts must hold no comma. */
export function listOf<T>(item: Kind<T>): Kind<readonly T[]> {
  return {
    list: true,
    parse: (text) =>
      text
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== "")
        .map((part) => parseItem(item, part)),
    show: (values) => values.map((value) => item.show(value)).join(","),
  };
}

function parseItem<T>(item: Kind<T>, text: string): T {
  try {
    return item.parse(text);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new ValueError(`holds ${JSON.stringify(text)}, which ${error.message}`);
  }
}

const tagPatternGrammar = /^(?:[a-z0-9._/*?-]+:)?[A-Za-z0-9._*?-]+$/;

/** A glob for tags, or `repository glob:tag glob`; `src/registry/immutableTags.ts` says what it matches. */
export const tagPattern: Kind<string> = {
  parse(text) {
    if (!tagPatternGrammar.test(text)) {
      throw new ValueError("is not a pattern for tags. Examples: v*, prod/**:v*, *:stable.");
    }
    return text;
  },
  show: (value) => value,
};

/** An address, or `address/bits` for all addresses that begin with the same bits. */
export interface AddressRange {
  readonly address: string;
  readonly bits: number;
}

/** An IP address or a network in CIDR notation (RFC 4632). */
export const network: Kind<AddressRange> = {
  parse(text) {
    const [address = "", given] = text.split("/", 2);
    const family = isIP(address);
    const most = family === 6 ? 128 : 32;
    const bits = given === undefined ? most : Number(given);
    const isRange = given === undefined || (/^\d{1,3}$/.test(given) && bits <= most);
    if (family !== 0 && isRange && text.split("/").length <= 2) return { address, bits };
    throw new ValueError(
      "is no address and no network. Examples: 172.16.0.0/12, 127.0.0.1, fd00::/8.",
    );
  },
  show: ({ address, bits }) =>
    bits === (isIP(address) === 6 ? 128 : 32) ? address : `${address}/${bits}`,
};
