// Globs over names with slashes: what settings and grants select repositories, tags and objects by. Pure.

// Of any character, U+2028 included, and of characters rather than halves of them: else a name could slip past a rule that denies it.
const flags = "su";

/**
 * Compiles a glob: `?` is any one character but a slash, `*` any number of them, `**` any number of any characters. A glob matches whole
 * names only. A name of n characters takes n² steps at most, whatever the glob.
 */
export function globOf(glob: string): RegExp {
  return new RegExp(`^${sourceOf(glob)}$`, flags);
}

/** As `globOf(glob).test`, and quicker: most names are judged by what the glob begins with. */
export function matcherOf(glob: string): (name: string) => boolean {
  const start = glob.slice(0, glob.search(/[*?]|$/));
  if (start === glob) return (name) => name === glob;
  if (glob === `${start}**`) return (name) => name.startsWith(start);
  let whole: RegExp | null = null;
  return (name) => {
    if (!name.startsWith(start)) return false;
    whole ??= globOf(glob);
    return whole.test(name);
  };
}

/** As `globOf`, for names that begin with what the glob matches. */
export function globOfStart(glob: string): RegExp {
  return new RegExp(`^${sourceOf(glob)}`, flags);
}

/**
 * What follows a star is taken where it first appears: if the rest does not fit there, it does not fit further on either. Only behind the
 * last star of each kind is every place tried. Without that, each star would multiply the work by the length of the name.
 */
function sourceOf(glob: string): string {
  let groups = 0;
  const once = (source: string): string => {
    groups += 1;
    return `(?=(?<g${groups}>${source}))\\k<g${groups}>`;
  };
  const runs = glob.split(/\*{2,}/);
  const last = runs.length - 1;
  return runs
    .map((run, at) => {
      const source = runOf(run.split("*").map(chunkOf), { once, isLast: at === last });
      if (at === 0) return source;
      return at === last ? `.*${source}` : once(`.*?${source}`);
    })
    .join("");
}

/** The chunks between single stars. */
function runOf(
  chunks: readonly string[],
  { once, isLast }: { readonly once: (source: string) => string; readonly isLast: boolean },
): string {
  const last = chunks.length - 1;
  return chunks
    .map((chunk, at) => {
      if (at === 0) return chunk;
      return isLast && at === last ? `[^/]*${chunk}` : once(`[^/]*?${chunk}`);
    })
    .join("");
}

function chunkOf(text: string): string {
  return text.split("?").map(RegExp.escape).join("[^/]");
}
