// Parts become one content: copied on the server while their bytes are read and hashed here; short parts are sent again together.
import { RegistryError } from "../../errors.ts";
import { type Algorithm, algorithmOf, type Digest } from "../../model/digest.ts";
import { Fingerprint } from "../../model/fingerprint.ts";
import type { StagedPart } from "../../model/staged.ts";
import type { UploadId } from "../../model/uploadId.ts";
import { CellWriter } from "./cellWriter.ts";
import { isAbsent } from "./failures.ts";
import { mostParts } from "./grid.ts";
import { digestOf, noHash } from "./hashes.ts";
import { newContentKey, partKey } from "./names.ts";
import { openBytes } from "./reading.ts";
import { emptyState } from "./state.ts";
import { inLanes, type S3Tools } from "./tools.ts";
import { finishObject } from "./wholeObject.ts";

/** S3 takes no shorter part, the last one aside, and copies no longer one. Bytes. */
const shortest = 5 * 1024 * 1024;
const longest = 5 * 1024 * 1024 * 1024;
/** Copies at a time. */
const lanes = 8;

/** Parts that are put together, under a key that no one knows yet. */
export interface Assembled {
  readonly size: number;
  readonly digests: ReadonlyMap<Algorithm, Digest>;
  /** Makes it content. @returns its key. */
  readonly publish: () => Promise<string>;
  /** Drops it. Never throws. */
  readonly drop: () => Promise<void>;
}

/** What is put together. */
export interface Assembly {
  readonly id: UploadId;
  readonly parts: readonly StagedPart[];
  /** SHA-256 is made in any case. */
  readonly expected: readonly Digest[];
  readonly signal: AbortSignal;
}

/** @throws RegistryError PART_DIFFERS; S3Error; the reason of the signal. Nothing is left then. */
export function assemble(tools: S3Tools, assembly: Assembly): Promise<Assembled> {
  return canCopy(tools, assembly.parts) ? copyParts(tools, assembly) : sendParts(tools, assembly);
}

function canCopy({ grid }: S3Tools, parts: readonly StagedPart[]): boolean {
  const [first] = parts;
  if (first === undefined || parts.length > mostParts) return false;
  const isLong = (part: StagedPart) => part.size >= shortest && part.size <= longest;
  const isAlike = (part: StagedPart) => grid.grows || part.size === first.size;
  const last = parts.at(-1) ?? first;
  if (last.size === 0 || last.size > longest) return false;
  return parts.slice(0, -1).every((part) => isLong(part) && isAlike(part));
}

async function copyParts(tools: S3Tools, assembly: Assembly): Promise<Assembled> {
  const { uploads, newId } = tools;
  const { id, parts, signal } = assembly;
  const key = newContentKey(id, "assembly", newId);
  const to = { key, upload: await uploads.create(key) };
  const drop = () => uploads.abort(to).catch(() => {});
  const copyPart = async (part: StagedPart) => {
    signal.throwIfAborted();
    return uploads.copy(to, parts.indexOf(part) + 1, partKey(part.place), null).catch((error) => {
      throw isAbsent(error) ? differs(part, error) : error;
    });
  };
  try {
    const hashing = hashParts(tools, assembly, async () => {});
    const copying = inLanes(parts, lanes, copyPart);
    const [hashed, copied] = await Promise.allSettled([hashing, copying]);
    if (hashed.status === "rejected") throw hashed.reason;
    if (copied.status === "rejected") throw copied.reason;
    const sent = copied.value.map((etag, index) => ({ number: index + 1, etag }));
    const publish = async () => {
      await uploads.complete(to, sent);
      const found = await tools.objects.head(key);
      if (found?.size !== hashed.value.size) throw new Error("S3 holds an object of another size");
      return key;
    };
    return { ...hashed.value, publish, drop };
  } catch (error) {
    await drop();
    throw error;
  }
}

async function sendParts(tools: S3Tools, assembly: Assembly): Promise<Assembled> {
  const { id, signal } = assembly;
  const key = newContentKey(id, "assembly", tools.newId);
  const writer = new CellWriter(tools, {
    ...{ id, state: emptyState("assembly", key), offset: 0, tail: new Uint8Array(), signal },
    ...{ newKey: () => key, hash: noHash, release: null },
  });
  const drop = async () => {
    const { upload } = writer.state;
    if (upload !== null) await tools.uploads.abort({ key, upload }).catch(() => {});
    writer.free();
  };
  try {
    const hashed = await hashParts(tools, assembly, async (chunk) => {
      await writer.push(chunk);
    });
    await writer.finish();
    const publish = async () => {
      await finishObject(tools, writer, signal);
      writer.free();
      return key;
    };
    return { ...hashed, publish, drop };
  } catch (error) {
    await writer.settle();
    await drop();
    throw error;
  }
}

/** Reads the parts one after the other. @throws RegistryError PART_DIFFERS for one whose bytes are not what its row says. */
async function hashParts(
  { objects }: S3Tools,
  { parts, expected, signal }: Assembly,
  use: (chunk: Uint8Array) => Promise<void>,
): Promise<Pick<Assembled, "size" | "digests">> {
  const algorithms = [...new Set<Algorithm>(["sha256", ...expected.map(algorithmOf)])];
  const running = algorithms.map((algorithm) => {
    return { algorithm, hasher: new Bun.CryptoHasher(algorithm) };
  });
  let size = 0;
  for (const part of parts) {
    const fingerprint = new Fingerprint();
    const bytes = await openBytes(objects, partKey(part.place), { start: 0, end: part.size });
    if (bytes === null) throw differs(part, "missing");
    for await (const chunk of bytes) {
      signal.throwIfAborted();
      fingerprint.update(chunk);
      for (const { hasher } of running) hasher.update(chunk);
      await use(chunk);
    }
    if (fingerprint.etag() !== part.etag) throw differs(part, "other bytes");
    size += part.size;
  }
  return { size, digests: new Map(running.map((each) => [each.algorithm, digestOf(each)])) };
}

const differs = ({ number }: StagedPart, cause: unknown) =>
  new RegistryError("PART_DIFFERS", {
    message: `part ${number} is not what was received; send it again`,
    detail: { part_number: number },
    cause,
  });
