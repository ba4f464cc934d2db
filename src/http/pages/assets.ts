// Scripts and style of the pages, opened at the first request for a page: a server that nobody looks at holds nothing of them.
import { RegistryError } from "../../errors.ts";
import type { AssetUrls } from "../../pages/frame.ts";
import { type Call, operation } from "../operation.ts";
import { deliverPacked, forever, openPacked, type ServedFile } from "../servedFile.ts";

/** The files by the last part of their addresses. */
interface Assets {
  readonly files: ReadonlyMap<string, ServedFile>;
  readonly urls: AssetUrls;
}

const path = "/assets/:asset";
let opened: Promise<Assets> | null = null;

/** @returns the same at each call. */
export function openAssets(): Promise<Assets> {
  opened ??= open();
  return opened;
}

async function open(): Promise<Assets> {
  const { assets } = await import("../../pages/assets.ts");
  const files = new Map<string, ServedFile>();
  const urls = { "page.css": "", "page.js": "", "setup.js": "", "live.js": "", "bucket.js": "" };
  for (const { name, path, mediaType } of assets) {
    const file = await openPacked(path, mediaType);
    const named = name.replace(".", `-${file.version}.`);
    files.set(named, file);
    urls[name] = `/assets/${named}`;
  }
  return { files, urls };
}

async function sendAsset(call: Call<typeof path>): Promise<Response> {
  const { files } = await openAssets();
  const file = files.get(call.params.asset);
  if (file === undefined) throw new RegistryError("ROUTE_UNKNOWN");
  return deliverPacked(call, file, forever);
}

/** `/assets/<name>-<version>.<ending>`. */
export const assetOperations = operation({
  id: "getAsset",
  method: "GET",
  path,
  action: "read",
  target: "server",
  needs: "nothing",
  tag: "operations",
  summary: "A script or the style of the pages",
  doc: null,
  handle: sendAsset,
});
