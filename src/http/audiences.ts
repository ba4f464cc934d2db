// What an ID token for this server may be for: its own URL. The Host of a request alone proves nothing: whoever holds a token for another
// service could send that service's name.

/** What is known of this server's names. */
export interface OwnNames {
  /** The URL that clients use; empty when it is not known. */
  readonly url: string;
  /** Names and addresses of this machine and of its certificate, as they are now. */
  readonly names: () => readonly string[];
}

/** @param origin that the client called. @returns the audiences, the best one first; none when the name may be another's. */
export function audiencesOf(origin: string, { url, names }: OwnNames): readonly string[] {
  if (url !== "") return spellings(url);
  const called = URL.parse(origin);
  if (called === null || !isOwn(bare(called.hostname), names().map(bare))) return [];
  // A proxy in front may speak TLS for us.
  const schemes = called.protocol === "https:" ? ["https"] : ["http", "https"];
  const host = origin.slice(origin.indexOf("//"));
  return schemes.flatMap((scheme) => spellings(`${scheme}:${host}`));
}

function spellings(url: string): readonly string[] {
  const plain = url.replace(/\/+$/, "");
  return [plain, `${plain}/`];
}

function isOwn(name: string, own: readonly string[]): boolean {
  if (name === "localhost" || name === "::1" || /^127(?:\.[0-9]+){3}$/.test(name)) return true;
  // A wildcard is no name: others have certificates for it, too.
  return own.includes(name);
}

/** Without brackets and final dot, in lower case. */
const bare = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
