// The first page.
import type { Frame } from "./frame.ts";
import { Layout } from "./layout.tsx";
import { Command } from "./parts.tsx";
import { render } from "./render.ts";

/** The document. */
export function homePage(frame: Frame): string {
  const host = frame.origin.slice(frame.origin.indexOf("//") + 2);
  return render(
    <Layout frame={frame} title="" section="home">
      <h1>{host}</h1>
      <h2>Push an image</h2>
      <Command>{`docker tag alpine ${host}/alpine\ndocker push ${host}/alpine`}</Command>
    </Layout>,
  );
}
