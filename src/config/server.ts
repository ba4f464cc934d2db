// Which running server a command speaks to: an option, a variable, or where the configuration says that a server listens.
import type { ListenAddress } from "./listen.ts";
import { type Kind, ValueError } from "./values.ts";

/** Where a server is reached. */
export interface ServerAddress {
  /** `https://boxes.example/breadbox`: no slash at the end, no user and no password. */
  readonly url: string;
  /** The value of `Authorization` for the user and password that the URL named; null without them. */
  readonly authorization: string | null;
}

const examples = "Examples: http://localhost:5000, https://user:password@boxes.example.";

/** `http://…` or `https://…`; what has no scheme is taken for http. */
export const serverAddress: Kind<ServerAddress> = {
  parse(text) {
    const url = readUrl(text);
    if (url.search !== "" || url.hash !== "") {
      throw new ValueError(`has more than a host and a path. ${examples}`);
    }
    const path = url.pathname.replace(/\/+$/, "");
    return { url: `${url.protocol}//${url.host}${path}`, authorization: basic(url) };
  },
  show: ({ url }) => url,
};

function readUrl(text: string): URL {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(full) ? new URL(full) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new ValueError(`is not the URL of a server. ${examples}`);
  }
  return url;
}

/** RFC 7617, in UTF-8. */
function basic({ username, password }: URL): string | null {
  if (username === "" && password === "") return null;
  const both = `${unescaped(username)}:${unescaped(password)}`;
  return `Basic ${Buffer.from(both).toString("base64")}`;
}

/** A lone `%` is meant literally. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const everyAddress: ReadonlySet<string> = new Set(["", "0.0.0.0", "::"]);

/** The URL of a server that listens there, for programs on its machine. @returns null for port 0: the real port is unknown. */
export function urlOfListener(
  { host, port }: ListenAddress,
  scheme: "http" | "https",
): string | null {
  if (port === 0) return null;
  const name = everyAddress.has(host) || host === "127.0.0.1" ? "localhost" : host;
  return `${scheme}://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

/** A URL as it was written, without what stands before its `@`: it may be a password. */
export const withoutLogin = (text: string): string =>
  text.replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/i, "$1(hidden)@");
