// Forms with a file (multipart/form-data, RFC 7578), as browsers send them: small fields, then one file, which may be larger than memory.
// Ours, because the file is handed on as a body like others: paced, released chunk by chunk, and no byte is read before it is wanted.
import { RegistryError } from "../errors.ts";
import type { Body } from "../storage/staging.ts";

/** A form up to its file. */
export interface FileForm {
  /** Fields before the file. */
  readonly fields: ReadonlyMap<string, string>;
  /** null for a form without a file. */
  readonly file: FormFile | null;
}

/** The file: its bytes are read once, to their end. */
export interface FormFile {
  /** As it is called on the disk it comes from, without folders; empty when none was chosen. */
  readonly name: string;
  /** null when the browser does not say. */
  readonly contentType: string | null;
  /** Ends where the file does. @throws RegistryError REQUEST_INVALID when anything but the end of the form follows */
  readonly body: Body;
}

/** Most bytes of the head of a part, of a field, and of what follows the form. */
const longest = 16 * 1024;
/** Fields of a form. */
const mostFields = 20;

/** The text between the parts. @throws RegistryError REQUEST_INVALID unless the header is that of a form with a file */
export function boundaryOf(headers: Headers): string {
  const type = headers.get("content-type") ?? "";
  const [, quoted, bare] =
    /^multipart\/form-data *;.*\bboundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(type) ?? [];
  const boundary = quoted ?? bare;
  if (boundary !== undefined) return boundary;
  throw invalid("send the form as multipart/form-data, as browsers do");
}

/** Reads a form up to its file. @throws RegistryError REQUEST_INVALID */
export async function readFileForm(body: Body, boundary: string): Promise<FileForm> {
  const reader = new PartReader(body, boundary);
  const fields = new Map<string, string>();
  await reader.begin();
  while (await reader.hasPart()) {
    const { name, file, contentType } = headOf(await reader.text("\r\n\r\n"));
    if (file !== null) {
      return { fields, file: { name: file, contentType, body: reader.rest() } };
    }
    if (fields.size === mostFields) throw invalid("the form has too many fields");
    fields.set(name, await reader.text(reader.delimiter));
  }
  return { fields, file: null };
}

/** Takes a form apart, with as little in memory as it can. */
class PartReader {
  /** What ends a part. */
  readonly delimiter: string;
  readonly #release: Body["release"];
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** What was read and not used. The first delimiter has no line before it. */
  #left: Buffer = Buffer.from("\r\n");

  constructor(body: Body, boundary: string) {
    this.delimiter = `\r\n--${boundary}`;
    this.#release = body.release;
    this.#chunks = body[Symbol.asyncIterator]();
  }

  /** Up to the first part. */
  async begin(): Promise<void> {
    if ((await this.text(this.delimiter)) !== "") throw malformed();
  }

  /** Behind a delimiter: whether another part follows. */
  async hasPart(): Promise<boolean> {
    while (this.#left.byteLength < 2) await this.#read();
    const mark = this.#left.toString("latin1", 0, 2);
    this.#left = this.#left.subarray(2);
    if (mark !== "\r\n" && mark !== "--") throw malformed();
    if (mark === "--") await this.#end();
    return mark === "\r\n";
  }

  /** Text up to `end`, which is left out. */
  async text(end: string): Promise<string> {
    for (;;) {
      const at = this.#left.indexOf(end);
      if (at > longest || (at < 0 && this.#left.byteLength > longest + end.length)) {
        throw invalid("a field of the form is too long");
      }
      if (at >= 0) {
        const text = this.#left.toString("utf8", 0, at);
        this.#left = this.#left.subarray(at + Buffer.byteLength(end));
        return text;
      }
      await this.#read();
    }
  }

  /** The bytes of the last part. */
  async *rest(): AsyncGenerator<Uint8Array> {
    const end = Buffer.from(this.delimiter);
    try {
      for (;;) {
        const at = this.#left.indexOf(end);
        // The beginning of the delimiter may be the end of what has arrived.
        const sure = at >= 0 ? at : Math.max(0, this.#left.byteLength - end.byteLength + 1);
        if (sure > 0) yield this.#left.subarray(0, sure);
        this.#left = this.#left.subarray(at >= 0 ? at + end.byteLength : sure);
        if (at >= 0) break;
        await this.#read();
      }
      if (await this.hasPart()) throw invalid("the file has to be the last field of the form");
    } finally {
      await this.#chunks.return?.();
    }
  }

  /** To the end of the body. */
  async #end(): Promise<void> {
    for (let bytes = this.#left.byteLength; bytes <= longest; ) {
      const { done, value } = await this.#chunks.next();
      if (done === true) return;
      bytes += value.byteLength;
      this.#release?.(value);
    }
    throw malformed();
  }

  async #read(): Promise<void> {
    const { done, value } = await this.#chunks.next();
    if (done === true) throw invalid("the form ended early");
    // A copy: what has arrived is released, and what is handed on is nobody else's.
    this.#left = Buffer.concat([this.#left, value]);
    this.#release?.(value);
  }
}

function headOf(head: string): {
  readonly name: string;
  readonly file: string | null;
  readonly contentType: string | null;
} {
  const lines = head.split("\r\n");
  const headerOf = (header: string): string | null =>
    lines
      .find((line) => line.toLowerCase().startsWith(`${header}:`))
      ?.slice(header.length + 1)
      .trim() ?? null;
  const disposition = headerOf("content-disposition") ?? "";
  const [, name] = /^form-data *;.*?\bname="([^"]*)"/i.exec(disposition) ?? [];
  if (name === undefined) throw malformed();
  const [, file] = /;\s*filename="([^"]*)"/i.exec(disposition) ?? [];
  return {
    name: withoutEscapes(name),
    file: file === undefined ? null : (withoutEscapes(file).split("/").at(-1) ?? ""),
    contentType: headerOf("content-type"),
  };
}

/** Names as browsers escape them (HTML, 4.10.21.8). */
const withoutEscapes = (name: string): string =>
  name.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%22", '"');

const invalid = (message: string) => new RegistryError("REQUEST_INVALID", { message });
const malformed = () => invalid("the form is malformed");
