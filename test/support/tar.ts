// The smallest tar writer that container tools accept (POSIX ustar, IEEE 1003.1): regular files, fixed owner and time,
// so that equal files give equal bytes.

const blockSize = 512;

const octal = (value: number, width: number): string =>
  `${value.toString(8).padStart(width - 1, "0")}\0`;

function header(name: string, size: number): Buffer {
  const block = Buffer.alloc(blockSize);
  const put = (text: string, offset: number): number => block.write(text, offset, "latin1");
  put(name, 0);
  put(octal(0o644, 8), 100);
  put(octal(0, 8), 108);
  put(octal(0, 8), 116);
  put(octal(size, 12), 124);
  put(octal(0, 12), 136);
  put("        ", 148); // the checksum counts as spaces while it is computed
  put("0", 156);
  put("ustar\x0000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/** A tar archive of the given files, in the given order. Names are at most 100 bytes of ASCII. */
export function tar(files: Iterable<readonly [name: string, bytes: Uint8Array]>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [name, bytes] of files) {
    const padding = (blockSize - (bytes.length % blockSize)) % blockSize;
    parts.push(header(name, bytes.length), bytes, Buffer.alloc(padding));
  }
  parts.push(Buffer.alloc(2 * blockSize));
  return Buffer.concat(parts);
}
