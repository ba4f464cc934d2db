// `npm run screenshots`: pictures of the pages for the documentation, of a store as a small company has it, wide and narrow, light and dark.
// `npm run screenshots -- FOLDER [PAGE …]` writes other pages as well, as PNG, to be looked at.
import { mkdir } from "node:fs/promises";
import { basic } from "../test/http/support/accessRoom.ts";
import { openDemo } from "../test/pages/support/demo.ts";
import { checkDemo } from "../test/pages/support/demoChecks.ts";
import { openPage } from "../test/support/browser.ts";
import { Scope } from "../test/support/scope.ts";
import { prepareAssets } from "./assets.ts";

/** Those of the documentation. */
const shown = ["home", "repository", "tag", "plan"];
const widths = [1280, 400];

await prepareAssets();
await using scope = new Scope();
const room = await openDemo({ megabyte: 1_000_000, url: "https://registry.example.com" });
scope.defer(() => room[Symbol.asyncDispose]());
const { page } = await openPage(scope);
await page.setExtraHTTPHeaders({ authorization: basic("ann") });
const [given, ...asked] = process.argv.slice(2);
const type = given === undefined ? "webp" : "png";
const digestOf = async (tag: string): Promise<string> => {
  const url = `${room.registry.url}/v2/team/api/manifests/${tag}`;
  const { headers } = await fetch(url, { headers: { authorization: basic("ann") } });
  return headers.get("docker-content-digest") ?? "";
};
const pages = {
  home: "/",
  repositories: "/repositories",
  repository: "/repositories/team/api",
  tag: "/repositories/team/api/-/images/1.8.0",
  chart: "/repositories/charts/ingress/-/images/1.2.3",
  model: "/repositories/models/embedder/-/images/q4",
  compare: "/repositories/team/api/-/comparison?reference=1.7.0&reference=1.8.0",
  plan: `/repositories/team/api/-/deletion?reference=${await digestOf("1.0.0")}&reference=${await digestOf("1.1.0")}`,
  untagged: "/repositories/team/web/-/untagged",
  bucket: "/buckets/backups",
  users: "/access/users",
  rules: "/access/rules?who=ci&action=push&resource=team/api",
  tokens: "/access/tokens",
  trust: "/access/trust",
  audit: "/access/audit",
  checks: "/server/checks",
} as const;
const names = asked.length > 0 ? asked : given === undefined ? shown : Object.keys(pages);
const folder = given ?? `${import.meta.dir}/../docs/images`;
await mkdir(folder, { recursive: true });
for (const [name, path] of Object.entries(pages)) {
  if (!names.includes(name)) continue;
  // The first page warns of them.
  if (name === "checks") await checkDemo(room.registry);
  for (const width of widths) {
    for (const theme of ["light", "dark"]) {
      await page.setViewport({ width, height: width === 400 ? 800 : 900 });
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
      // Parts that live keep a request open.
      await page.goto(`${room.registry.url}${path}`, { waitUntil: "load" });
      const file = `${folder}/${name}-${width}-${theme}.${type}` as const;
      const options = type === "webp" ? { type, quality: 80 } : { type };
      await page.screenshot({ path: file, ...options, fullPage: true });
      console.log(file);
    }
  }
}
