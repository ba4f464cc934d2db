// The explorer's files, loaded at the first request for one.
import { swagger } from "@elysiajs/swagger";
import { type DocumentDecoration, Elysia } from "elysia";
import type { Operation } from "../operation.ts";
import scalarPath from "../ops/assets/scalar.js.gz" with { type: "file" };
import { describeFile, openPacked, type ServedFile } from "../servedFile.ts";
import { withLogin, withoutBodies } from "./answers.ts";
import { info, schemas, securitySchemes, tags } from "./info.ts";
import { completePage, type PageScripts, pagePolicy } from "./page.ts";
import tryItText from "./try-it.js" with { type: "text" };
import type { Documentation } from "./types.ts";

/** Everything a browser loads. */
export interface Explorer {
  readonly page: ServedFile;
  /** The page's Content-Security-Policy. */
  readonly policy: string;
  /** OpenAPI 3.0.3. */
  readonly document: ServedFile;
  readonly tryIt: ServedFile;
  /** Packed with gzip. */
  readonly scalar: ServedFile;
}

const javaScript = "text/javascript;charset=utf-8";

/** What the documentation depends on. */
export interface Documented {
  /** Those that are served. */
  readonly operations: readonly Operation[];
  /** The server may ask who somebody is. */
  readonly mayClose: boolean;
}

/** Makes the files. */
export async function openExplorer(served: Documented): Promise<Explorer> {
  const scalar = await openPacked(scalarPath, javaScript);
  const tryIt = textFile(tryItText, javaScript);
  const scripts = {
    tryIt: `swagger/assets/try-it.js?v=${tryIt.version}`,
    scalar: `swagger/assets/scalar.js?v=${scalar.version}`,
  };
  const documented = documentedApp(served, scripts);
  const answerOf = (path: string) => documented.handle(new Request(`http://localhost${path}`));
  const page = await completePage(await answerOf(plugin.path), scripts);
  const document = await (await answerOf(plugin.specPath)).text();
  return {
    page: textFile(page, "text/html;charset=utf-8"),
    policy: pagePolicy,
    document: textFile(document, "application/json"),
    tryIt,
    scalar,
  };
}

function textFile(text: string, mediaType: string): ServedFile {
  const bytes = new TextEncoder().encode(text);
  return describeFile(bytes, bytes, mediaType);
}

/** Where the plugin's own routes are: not in the way of those it describes. */
const plugin = { path: "/page", specPath: "/document" };

/** The same routes once more, for the plugin to read: documented in full, and answering nothing. */
function documentedApp({ operations, mayClose }: Documented, scripts: PageScripts) {
  const components = { schemas, ...(mayClose && { securitySchemes }) };
  const app = new Elysia({ aot: false });
  for (const operation of operations) {
    app.route(operation.method, operation.path, () => "", {
      detail: detailOf(operation, mayClose),
    });
  }
  return app.use(
    swagger({
      ...plugin,
      scalarCDN: scripts.scalar,
      scalarConfig: { withDefaultFonts: false, customCss: "" },
      excludeStaticFile: false,
      documentation: { info, tags: [...tags], servers: [{ url: "/" }], components },
    }),
  );
}

/** All that is said of an operation, for the plugin. */
function detailOf(operation: Operation, mayClose: boolean): DocumentDecoration {
  const { id, tag, summary, doc } = operation;
  if (doc === null) return { hide: true };
  const { parameters = [], ...said } = doc();
  const detail = { operationId: id, summary, tags: [tag], ...said, parameters: [...parameters] };
  return mayClose && operation.needs !== "nothing" ? behindLogin(operation, detail) : detail;
}

/** Either login does. */
function behindLogin<Detail extends Pick<Documentation, "responses">>(
  { method }: Operation,
  detail: Detail,
) {
  const responses = withLogin(detail.responses);
  return {
    ...detail,
    security: [{ login: [] }, { bearer: [] }],
    responses: method === "HEAD" ? withoutBodies(responses) : responses,
  };
}
