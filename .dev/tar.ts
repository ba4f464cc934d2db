// Writes tar archives (POSIX ustar) with chosen owners and times, so that equal files give equal bytes.

const blockSize = 512;

/** A folder, a link, or a file. Names are at most 100 bytes of ASCII, without a slash in front. */
export interface TarEntry {
  readonly name: string;
  readonly mode: number;
  /** User and group. */
  readonly owner?: number;
  /** Of a file. */
  readonly bytes?: Uint8Array;
  /** Of a symbolic link. */
  readonly target?: string;
}

/** @param time of all entries, Unix seconds. */
export function tar(entries: readonly TarEntry[], time: number): Uint8Array<ArrayBuffer> {
  const parts = entries.flatMap((entry) => {
    const bytes = entry.bytes ?? new Uint8Array();
    const padding = (blockSize - (bytes.length % blockSize)) % blockSize;
    return [header(entry, time), bytes, Buffer.alloc(padding)];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * blockSize)]);
}

function header({ name, mode, owner = 0, bytes, target }: TarEntry, time: number): Buffer {
  const block = Buffer.alloc(blockSize);
  const put = (text: string, offset: number): number => block.write(text, offset, "latin1");
  if (name.length > 100) throw new Error(`${name} is too long for a tar archive`);
  put(name, 0);
  put(octal(mode, 8), 100);
  put(octal(owner, 8), 108);
  put(octal(owner, 8), 116);
  put(octal(bytes?.length ?? 0, 12), 124);
  put(octal(time, 12), 136);
  put("        ", 148); // the checksum counts as spaces while it is computed
  put(kindOf({ bytes, target }), 156);
  put(target ?? "", 157);
  put("ustar\x0000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

const octal = (value: number, width: number): string =>
  `${value.toString(8).padStart(width - 1, "0")}\0`;

function kindOf({ bytes, target }: Pick<TarEntry, "bytes" | "target">): string {
  if (target !== undefined) return "2";
  return bytes === undefined ? "5" : "0";
}
