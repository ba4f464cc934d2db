// What people read of a Helm chart before they install it: its README and its values, taken from the archive that clients pull. Everything
// is bounded: a chart is what somebody pushed.
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { ImagesDeps } from "./deps.ts";
import type { ImageDetail } from "./detail.ts";
import { readSmallBlob } from "./facts.ts";

/** Texts of a chart. */
export interface ChartFiles {
  /** null for a chart without one. */
  readonly readme: string | null;
  readonly values: string | null;
  /** True when only the beginning of one of them is here. */
  readonly isCut: boolean;
}

const chartType = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/** Packed and unpacked; a larger chart is not opened. Bytes. */
const [largestPacked, largestUnpacked] = [4 * 1024 * 1024, 32 * 1024 * 1024];
/** Of each text. Bytes. */
const longestText = 12 * 1024;

const unpack = promisify<Uint8Array, { maxOutputLength: number }, Uint8Array>(gunzip);

/** @returns null for what is no chart, and for a chart that is too large or no archive. */
export async function readChartFiles(
  { registry }: Pick<ImagesDeps, "registry">,
  { repository, layers }: Pick<ImageDetail, "repository" | "layers">,
): Promise<ChartFiles | null> {
  const layer = layers.find(({ mediaType }) => mediaType === chartType);
  if (layer === undefined || layer.size > largestPacked) return null;
  const packed = await readSmallBlob(registry, repository, layer.digest, largestPacked);
  if (packed === null) return null;
  const archive = await unpack(packed, { maxOutputLength: largestUnpacked }).catch(() => null);
  return archive === null ? null : textsOf(archive);
}

/** The files that lie directly in the chart's folder. */
function textsOf(archive: Uint8Array): ChartFiles {
  const found = new Map<string, Uint8Array>();
  for (const { name, bytes } of filesOf(archive)) {
    const file = /^(?:\.\/)?[^/]+\/(README\.md|values\.yaml)$/i.exec(name)?.[1]?.toLowerCase();
    if (file !== undefined && !found.has(file)) found.set(file, bytes);
  }
  const text = (file: string): string | null => {
    const bytes = found.get(file);
    return bytes === undefined ? null : new TextDecoder().decode(bytes.subarray(0, longestText));
  };
  return {
    readme: text("readme.md"),
    values: text("values.yaml"),
    isCut: [...found.values()].some(({ byteLength }) => byteLength > longestText),
  };
}

const block = 512;
const ascii = new TextDecoder("latin1");

/** Regular files of a tar archive (POSIX ustar), up to the first block that is no header. */
function* filesOf(archive: Uint8Array): Generator<{ name: string; bytes: Uint8Array }> {
  for (let at = 0; at + block <= archive.byteLength; ) {
    const field = (from: number, length: number): string =>
      ascii.decode(archive.subarray(at + from, at + from + length)).replace(/\0[\s\S]*$/, "");
    const size = Number.parseInt(field(124, 12).trim(), 8);
    if (field(257, 5) !== "ustar" || !Number.isSafeInteger(size) || size < 0) return;
    const start = at + block;
    const prefix = field(345, 155);
    const kind = field(156, 1);
    if (kind === "0" || kind === "") {
      const name = prefix === "" ? field(0, 100) : `${prefix}/${field(0, 100)}`;
      yield { name, bytes: archive.subarray(start, start + size) };
    }
    at = start + Math.ceil(size / block) * block;
  }
}
