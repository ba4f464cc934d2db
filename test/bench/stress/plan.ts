// What the stress run sends, drawn from its seed: sizes, parts, their order, and their bytes without holding them.
import { setImmediate } from "node:timers/promises";
import { randomBytes, randomNumbers } from "../../support/bytes.ts";
import type { Body } from "../../support/connection.ts";

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const gibibyte = 1024 * mebibyte;
const largestPart = 128 * mebibyte;
const mostParts = 1000;

/** No multiple of any buffer: bytes at another place than theirs are other bytes. */
const blockBytes = mebibyte + 7;

/** A part: its bytes follow from its label and its size. */
export interface PartPlan {
  readonly number: number;
  readonly label: string;
  readonly size: number;
  /** Where in the block its bytes begin. */
  readonly phase: number;
}

/** What becomes of one upload. */
export interface UploadPlan {
  readonly object: string;
  readonly size: number;
  readonly parts: readonly PartPlan[];
  /** In the order they are sent; `wrong` is sent first, and replaced at once or when all others are there. */
  readonly sends: readonly Send[];
  /** Parts under way at a time. */
  readonly lanes: number;
  /** Aborted after so many sends; null for a complete. */
  readonly abortAfter: number | null;
  /** The complete names the digest as well. */
  readonly namesDigest: boolean;
  readonly complete: "once" | "again" | "twice at once";
  /** The server is killed so many ms after the complete was sent; null for not. */
  readonly killAfterMs: number | null;
}

/** One number of an upload, and what is sent under it. */
export interface Send {
  readonly part: PartPlan;
  readonly wrong: PartPlan | null;
  readonly replaced: "at once" | "at the end";
}

type Random = () => number;

const logUniform = (random: Random, least: number, most: number): number =>
  Math.floor(least * (most / least) ** random());

function shuffled<T>(random: Random, values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);
}

function drawParts(random: Random, name: string, size: number): PartPlan[] {
  const least = Math.max(64 * kibibyte, Math.ceil((2 * size) / mostParts));
  const nominal = logUniform(random, Math.min(least, largestPart), largestPart);
  const parts: PartPlan[] = [];
  for (let left = size; left > 0; ) {
    const number = parts.length + 1;
    const partBytes = Math.min(left, Math.ceil(nominal * (0.5 + random() / 2)));
    const phase = Math.floor(random() * blockBytes);
    parts.push({ number, label: `${name}/${number}`, size: partBytes, phase });
    left -= partBytes;
  }
  return parts;
}

function drawSend(random: Random, part: PartPlan): Send {
  const isReplaced = random() < 0.08;
  const size = Math.max(1, Math.floor(part.size * (random() < 0.5 ? 1 : random())));
  const wrong = { ...part, label: `${part.label}/wrong`, size };
  return {
    part,
    wrong: isReplaced ? wrong : null,
    replaced: random() < 0.5 ? "at once" : "at the end",
  };
}

/** An upload of at most `most` bytes, and at most 4 GiB. @param name what its choices and bytes follow from. */
export function drawUpload(name: string, most: number): UploadPlan {
  const random = randomNumbers(name);
  const isSmall = random() < 0.1;
  const largest = isSmall ? 64 * kibibyte : 4 * gibibyte;
  const size = logUniform(
    random,
    isSmall ? 1 : mebibyte,
    Math.max(mebibyte + 1, Math.min(largest, most)),
  );
  const parts = drawParts(random, name, size);
  const dice = random();
  return {
    object: `stress/${name}`,
    size,
    parts,
    sends: shuffled(random, parts).map((part) => drawSend(random, part)),
    lanes: 1 + Math.floor(random() * 4),
    abortAfter: random() < 0.12 ? Math.ceil(random() * parts.length) : null,
    namesDigest: random() < 0.5,
    complete: dice < 0.6 ? "once" : dice < 0.85 ? "again" : "twice at once",
    killAfterMs: random() < 0.08 ? random() * 200 : null,
  };
}

/** The bytes of parts, made of one block that is kept. */
export class Contents {
  readonly #block: Uint8Array;

  constructor(seed: string) {
    this.#block = randomBytes(`${seed}/block`, blockBytes);
  }

  /** Ready to be sent; holds no more than a block of its own. */
  body({ label, size, phase }: PartPlan): Body {
    const head = Buffer.concat([Buffer.from(`${label}\n`), this.#block.subarray(phase)]);
    return { head: head.subarray(0, size), block: this.#block, size };
  }

  /** SHA-256 of the parts one behind the other, while everything else goes on. */
  async digest(parts: readonly PartPlan[]): Promise<string> {
    const hasher = new Bun.CryptoHasher("sha256");
    for (const part of parts) {
      const { head, block, size } = this.body(part);
      hasher.update(head);
      for (let left = size - head.length; left > 0; left -= block.length) {
        hasher.update(left < block.length ? block.subarray(0, left) : block);
        await setImmediate();
      }
      await setImmediate();
    }
    return `sha256:${hasher.digest("hex")}`;
  }
}
