// The Warning header (distribution-spec, "Warnings"). Pure.

/**
 * One warning for all sentences (printable ASCII without `"` and `\`): clients read the header as a whole and drop what is a list.
 * Code 299, agent `-` and no date (RFC 7234, 5.5), as the specification demands.
 */
export function warningOf(sentences: readonly string[]): string {
  return `299 - "${sentences.join(" ")}"`;
}
