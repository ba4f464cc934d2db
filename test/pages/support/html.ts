// Pages as tests look at them: what a selector finds, and a client that asks as a browser does.
/** What a browser sends when somebody opens an address. */
export const asBrowser = {
  accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
};

/** An element with its attributes and all its text. */
export interface Found {
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
}

/** A page that was answered. */
export interface Page {
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
  find(selector: string): readonly Found[];
  /** Texts of what a selector finds, without what is around them. */
  texts(selector: string): readonly string[];
  /** What the forms that a selector finds would send. */
  fields(selector: string): URLSearchParams;
}

/** Opens a page. @param init further headers, such as Authorization or Cookie. */
export async function openHtml(url: string, init: RequestInit = {}): Promise<Page> {
  const headers = { ...asBrowser, ...Object.fromEntries(new Headers(init.headers)) };
  return pageOf(await fetch(url, { redirect: "manual", ...init, headers }));
}

/** The page of an answer. */
export async function pageOf(answer: Response): Promise<Page> {
  const html = await answer.text();
  const find = (selector: string) => findAll(html, selector);
  return {
    status: answer.status,
    headers: answer.headers,
    html,
    find,
    fields: (selector) => {
      const inputs = find(`${selector} input`).map(({ attributes }) => attributes);
      return new URLSearchParams(
        inputs.map(({ name, value }): [string, string] => [name ?? "", value ?? ""]),
      );
    },
    texts: (selector) => find(selector).map(({ text }) => text.replaceAll(/\s+/g, " ").trim()),
  };
}

function findAll(html: string, selector: string): Found[] {
  const found: { attributes: Record<string, string>; text: string }[] = [];
  const open: { attributes: Record<string, string>; text: string }[] = [];
  new HTMLRewriter()
    .on(selector, {
      element(element) {
        const one = { attributes: Object.fromEntries(element.attributes), text: "" };
        found.push(one);
        if (!element.selfClosing && element.canHaveContent) {
          open.push(one);
          element.onEndTag(() => {
            open.splice(open.indexOf(one), 1);
          });
        }
      },
      text(chunk) {
        for (const one of open) one.text += decoded(chunk.text);
      },
    })
    .transform(html);
  return found;
}

const entities: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&amp;": "&",
};
const decoded = (text: string): string =>
  text.replaceAll(/&(?:lt|gt|quot|amp);/g, (entity) => entities[entity] ?? entity);
