// What a person sees instead of a page.
import { at } from "./addresses.ts";
import type { Frame } from "./frame.ts";
import { Layout } from "./layout.tsx";
import { render } from "./render.ts";

/** A refusal in words. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  /** The log has the request under this id. */
  readonly requestId: string;
}

/** The document. */
export function errorPage(frame: Frame, { status, message, requestId }: Refusal): string {
  const title = titleOf(status);
  return render(
    <Layout frame={frame} title={title} section={null}>
      <h1>{title}</h1>
      <p>{sentence(message)}</p>
      <p>
        <a href={at.home}>Back to the first page</a>
      </p>
      <p class="muted small">
        Status {status}, request <code>{requestId}</code>
      </p>
    </Layout>,
  );
}

function titleOf(status: number): string {
  if (status === 401) return "You need to log in";
  if (status === 403) return "You may not do this";
  if (status === 404) return "Not found";
  if (status === 429) return "Too many requests";
  return status < 500 ? "This did not work" : "Something is wrong with the server";
}

/** Messages begin in lower case, as clients print them behind a code. */
const sentence = (message: string): string =>
  `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.?!]$/.test(message) ? "" : "."}`;
