// The compiled file shows its pages: what they are drawn with, scripts and style are inside.
import { expect, test } from "bun:test";
import { openHtml } from "../pages/support/html.ts";
import { startBreadbox } from "../support/binary.ts";
import { Scope } from "../support/scope.ts";

test("the executable has the pages, their scripts and their style inside", async () => {
  await using scope = new Scope();
  const { url } = await startBreadbox(scope);

  for (const path of ["/", "/repositories", "/buckets", "/nothing"]) {
    const page = await openHtml(`${url}${path}`);
    expect([path, page.status]).toEqual([path, path === "/nothing" ? 404 : 200]);
    expect(page.find("h1").length).toBe(1);
    const files = [...page.find("script"), ...page.find("link[rel=stylesheet]")].map(
      ({ attributes }) => attributes["src"] ?? attributes["href"],
    );
    expect(files.length).toBeGreaterThanOrEqual(2);
    for (const file of files) {
      const answer = await fetch(`${url}${file}`);
      expect([file, answer.status]).toEqual([file, 200]);
      expect((await answer.text()).length).toBeGreaterThan(100);
    }
  }
});
