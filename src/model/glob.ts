// Globs over names with slashes: what settings and grants select repositories, tags and objects by. Pure.

/**
 * Compiles a glob: `?` is any one character but a slash, `*` any number of them, `**` any number of any characters. A glob matches whole
 * names only.
 */
export function globOf(glob: string): RegExp {
  return new RegExp(`^${sourceOf(glob)}$`);
}

/** As `globOf`, for names that begin with what the glob matches. */
export function globOfStart(glob: string): RegExp {
  return new RegExp(`^${sourceOf(glob)}`);
}

function sourceOf(glob: string): string {
  return glob.replaceAll(/\*+|\?|[^*?]+/g, (part) => {
    if (part === "?") return "[^/]";
    if (part === "*") return "[^/]*";
    return part.startsWith("*") ? ".*" : RegExp.escape(part);
  });
}
