// As jsx-runtime.d.ts.
import type { JSX } from "./jsx-runtime.d.ts";

/** HTML of a part of a page; texts and attributes are escaped. */
export function renderToString(element: JSX.Element): string;
