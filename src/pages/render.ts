// A page as text.
import type { JSX } from "#jsx/jsx-runtime";
import { renderToString } from "#jsx/render";

/** @returns the document, with its doctype. */
export function render(page: JSX.Element): string {
  return `<!doctype html>${renderToString(page)}`;
}
