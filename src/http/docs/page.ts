// The plugin's page, completed: quiet settings for the explorer, an icon, and the script that makes its requests fit.
import { summary } from "./info.ts";

/** Addresses of the page's scripts, relative to the page: right behind every proxy. */
export interface PageScripts {
  readonly tryIt: string;
  readonly scalar: string;
}

/** A loaf, drawn here: without an icon every page load would request one that does not exist. */
const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#b7791f" d="M4 13a7 7 0 0 1 7-7h10a7 7 0 0 1 4 12v8H7v-8a7 7 0 0 1-3-5z"/><path fill="#f6e0b5" d="M9 16h14v8H9z"/></svg>',
)}`;

/**
 * Nothing from or to another host, also in later versions of the explorer: only our own scripts and requests to this server.
 * Styles are inline because the explorer writes them.
 */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The explorer's settings: everything that loads from its vendor, reports to it, or advertises is off. */
const settings = {
  url: "swagger/json",
  withDefaultFonts: false,
  telemetry: false,
  showDeveloperTools: "never",
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  documentDownloadType: "json",
  hideModels: true,
  defaultOpenAllTags: true,
  persistAuth: false,
};

/** @returns the HTML of the plugin's `page` with our settings and scripts. */
export function completePage(page: Response, { tryIt }: PageScripts): Promise<string> {
  return (
    new HTMLRewriter()
      .on("html", {
        element: (html) => {
          html.setAttribute("lang", "en");
        },
      })
      // The plugin writes the whole introduction here.
      .on('meta[name$="description"]', {
        element: (meta) => {
          meta.setAttribute("content", summary);
        },
      })
      .on("head", {
        element: (head) => {
          head.append(`<link rel="icon" href="${icon}">\n<script src="${tryIt}"></script>\n`, {
            html: true,
          });
        },
      })
      .on("#api-reference", {
        element: (script) => {
          script.removeAttribute("data-url");
          script.setAttribute("data-configuration", JSON.stringify(settings));
          // Without it a blank would count as a script that the policy forbids.
          script.setInnerContent("");
        },
      })
      .transform(page)
      .text()
  );
}
