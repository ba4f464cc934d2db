// Patterns of rules: `lab/**` are repositories, `bucket:backups/nightly/**` objects, `server:metrics` a part of the server. Pure.
import { globOfStart, matcherOf } from "../model/glob.ts";
import { areas, type Resource } from "./actions.ts";

/** A pattern, ready to be asked. */
export interface Pattern {
  /** True when the rule is about `resource`; of many objects, about all of them. */
  matches(resource: Resource): boolean;
  /** True when the rule may be about a part of `resource`: some of many objects. */
  touches(resource: Resource): boolean;
  /** True when the rule is about all repositories whose names begin with `prefix`. */
  covers(prefix: string): boolean;
}

/** A text that is no pattern. The message continues a sentence that begins with the text. */
export class PatternError extends Error {
  override readonly name = "PatternError";
}

const longestPattern = 512;
/** Each `**` multiplies the work of a name that does not match. */
const mostStars = 2;
const repositoryGrammar = /^[a-z0-9._/*?-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const objectGrammar = /^[^\u0000-\u001f\u007f]+$/;
const bucketGrammar = /^[a-z0-9.*?-]+$/;
const examples = "Examples: lab/**, team/app, bucket:backups/nightly/**, server:metrics.";

/** @throws PatternError */
export function parsePattern(text: string): Pattern {
  if (text.length > longestPattern) {
    throw new PatternError(`has more than ${longestPattern} characters.`);
  }
  if ((text.match(/\*\*/g)?.length ?? 0) > mostStars) {
    throw new PatternError(`has more than ${mostStars} times "**".`);
  }
  if (text.startsWith("bucket:")) return objectPattern(text.slice("bucket:".length));
  if (text.startsWith("server:")) return serverPattern(text.slice("server:".length));
  if (!repositoryGrammar.test(text) || text.startsWith("/") || text.endsWith("/")) {
    throw new PatternError(`is not a pattern. ${examples}`);
  }
  const isName = matcherOf(text);
  const matches = (resource: Resource) =>
    resource.kind === "repository" && isName(resource.repository);
  return { ...whole(matches), covers: startOf(text) };
}

/** `bucket:NAME` are a bucket and all of its objects, `bucket:NAME/…` only the objects whose names match. */
function objectPattern(rest: string): Pattern {
  const slash = rest.indexOf("/");
  const bucketText = slash === -1 ? rest : rest.slice(0, slash);
  if (!bucketGrammar.test(bucketText)) throw new PatternError(`names no bucket. ${examples}`);
  const isBucket = matcherOf(bucketText);
  if (slash === -1) {
    return whole((resource) => "bucket" in resource && isBucket(resource.bucket));
  }
  const names = rest.slice(slash + 1);
  if (!objectGrammar.test(names)) throw new PatternError(`names no object. ${examples}`);
  const isObject = matcherOf(names);
  const coversStart = startOf(names);
  const plain = names.slice(0, names.search(/[*?]|$/));
  const judge = (meets: (prefix: string) => boolean) => (resource: Resource) => {
    if (resource.kind === "object") {
      return isBucket(resource.bucket) && isObject(resource.object);
    }
    return resource.kind === "objects" && isBucket(resource.bucket) && meets(resource.prefix);
  };
  return {
    matches: judge(coversStart),
    touches: judge((prefix) => prefix.startsWith(plain) || plain.startsWith(prefix)),
    covers: () => false,
  };
}

/** A pattern that is about all of a resource or about nothing of it. */
function whole(matches: Pattern["matches"]): Pattern {
  return { matches, touches: matches, covers: () => false };
}

/** @returns whether all names that begin with a prefix match: only a glob that ends with `**` can promise that. */
function startOf(names: string): (prefix: string) => boolean {
  if (!names.endsWith("**")) return () => false;
  let start: RegExp | null = null;
  return (prefix) => {
    start ??= globOfStart(names.slice(0, -"**".length));
    return start.test(prefix);
  };
}

function serverPattern(rest: string): Pattern {
  const area = areas.find((name) => name === rest);
  if (rest !== "**" && area === undefined) {
    throw new PatternError(
      `names no part of the server. There are: ${areas.map((name) => `server:${name}`).join(", ")}, server:**.`,
    );
  }
  return whole(
    (resource) => resource.kind === "server" && (area === undefined || resource.area === area),
  );
}
