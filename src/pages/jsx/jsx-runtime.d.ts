// The types of JSX on the server. Preact's own bring the types of a browser's page into every file of the program, where they replace
// those of Bun. package.json ("imports") leads the compiler here and everything that runs to preact.

/** What an element may hold. */
export type Child = JSX.Element | string | number | boolean | null | undefined | readonly Child[];

type Text = string | undefined;
type Flag = boolean | undefined;

/** Attributes of HTML that our pages use. `style` is not among them: the policy of the pages forbids it. */
interface Attributes {
  key?: string | number;
  children?: Child;
  id?: Text;
  class?: Text;
  title?: Text;
  lang?: Text;
  hidden?: Flag;
  role?: Text;
  tabIndex?: number;
  href?: Text;
  rel?: Text;
  src?: Text;
  defer?: Flag;
  name?: Text;
  content?: Text;
  charset?: Text;
  type?: Text;
  value?: string | number | undefined;
  placeholder?: Text;
  action?: Text;
  method?: "get" | "post" | "dialog";
  enctype?: Text;
  for?: Text;
  form?: Text;
  formaction?: Text;
  autocomplete?: Text;
  autofocus?: Flag;
  required?: Flag;
  readonly?: Flag;
  disabled?: Flag;
  checked?: Flag;
  selected?: Flag;
  multiple?: Flag;
  open?: Flag;
  min?: number | string;
  max?: number | string;
  step?: number | string;
  minlength?: number;
  maxlength?: number;
  rows?: number;
  cols?: number;
  accept?: Text;
  pattern?: Text;
  dateTime?: Text;
  colSpan?: number;
  rowSpan?: number;
  scope?: "col" | "row";
  download?: Text | Flag;
  viewBox?: Text;
  fill?: Text;
  d?: Text;
  width?: number | string;
  height?: number | string;
  x?: number | string;
  y?: number | string;
  [aria: `aria-${string}`]: string | boolean | number | undefined;
  [data: `data-${string}`]: string | boolean | number | undefined;
}

export namespace JSX {
  /** A part of a page. */
  interface Element {
    readonly type: unknown;
    readonly props: unknown;
  }
  interface ElementChildrenAttribute {
    children: unknown;
  }
  interface IntrinsicAttributes {
    key?: string | number;
  }
  interface IntrinsicElements {
    [name: string]: Attributes;
  }
}

export function jsx(type: unknown, props: unknown, key?: unknown): JSX.Element;
export function jsxs(type: unknown, props: unknown, key?: unknown): JSX.Element;
export function Fragment(props: { readonly children?: Child }): JSX.Element;
