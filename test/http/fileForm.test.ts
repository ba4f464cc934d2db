// Forms with a file: taken apart as they arrive, in whatever pieces.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { boundaryOf, readFileForm } from "../../src/http/fileForm.ts";

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

/** A body in pieces, which notes what was released. */
function bodyOf(pieces: readonly Uint8Array[]) {
  let released = 0;
  async function* read() {
    for (const piece of pieces) yield piece;
  }
  const release = (piece: Uint8Array) => {
    released += piece.byteLength;
  };
  return Object.assign(read(), { release, released: () => released });
}

async function wholeOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

/** As a browser sends it. */
async function sent(form: FormData): Promise<{ boundary: string; bytes: Uint8Array }> {
  const { headers, body } = new Response(form);
  const bytes = body === null ? new Uint8Array() : await new Response(body).bytes();
  return { boundary: boundaryOf(headers), bytes };
}

const lines = (...texts: readonly string[]) => Buffer.from(texts.join("\r\n"));
const file = (name: string) => `Content-Disposition: form-data; name="file"; filename="${name}"`;
const read = async (bytes: Uint8Array) => {
  const form = await readFileForm(bodyOf([bytes]), "x");
  return { form, bytes: form.file === null ? null : await wholeOf(form.file.body) };
};

describe("a form with a file", () => {
  test("is read whatever its file holds and in whatever pieces it arrives", async () => {
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      // What looks like the end of the file.
      fc.constantFrom("\r\n--", "\r\n--x\r\n", "\r", "--\r\n", "").map((it) => Buffer.from(it)),
    );
    const cuts = fc.array(fc.nat(600), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(content, cuts, async (stored, places) => {
        const form = new FormData();
        form.append("replace", "on");
        form.append("file", new File([stored.slice()], 'a "b".txt', { type: "text/plain" }));
        const { boundary, bytes } = await sent(form);
        const ends = [...places.map((at) => at % bytes.length), 0, bytes.length].sort(
          (a, b) => a - b,
        );
        const pieces = ends.slice(1).map((end, at) => bytes.slice(ends[at] ?? 0, end));
        const body = bodyOf(pieces);

        const read = await readFileForm(body, boundary);

        expect([...read.fields]).toEqual([["replace", "on"]]);
        expect(read.file).toMatchObject({ name: 'a "b".txt' });
        expect(await wholeOf(read.file?.body ?? bodyOf([]))).toEqual(Buffer.from(stored));
        expect(body.released()).toBe(bytes.length);
      }),
    );
  });

  test("may have no file, or one that was not chosen", async () => {
    const none = lines("--x", 'Content-Disposition: form-data; name="a"', "", "1", "--x--", "");
    expect((await read(none)).form).toEqual({ fields: new Map([["a", "1"]]), file: null });
    const unchosen = lines("--x", file(""), "Content-Type: a/b", "", "", "--x--", "");
    const { form, bytes } = await read(unchosen);
    expect([form.file?.name, form.file?.contentType, bytes?.length]).toEqual(["", "a/b", 0]);
  });

  test("names its file without folders, as browsers escape names", async () => {
    const { form } = await read(lines("--x", file("dir/a%22%0D%25.txt"), "", "", "--x--"));
    expect(form.file?.name).toBe('a"\r%25.txt');
  });

  test("that is cut off, or is none, is refused before its file counts as whole", async () => {
    const whole = text(lines("--x", file("a"), "", "content", "--x--", ""));
    for (let length = 0; length < whole.length - 2; length += 1) {
      await expect(read(Buffer.from(whole.slice(0, length)))).rejects.toThrow();
    }
    for (const broken of [
      "y",
      whole.replace("--x--", "--x-?"),
      `${whole}${"z".repeat(20_000)}`,
      text(lines("--x", file("a"), "", "c", "--x", file("b"), "", "d", "--x--")),
      text(lines("--x", "No: name", "", "c", "--x--")),
      text(
        lines(
          "--x",
          `Content-Disposition: form-data; name="${"n".repeat(20_000)}"`,
          "",
          "",
          "--x--",
        ),
      ),
    ]) {
      await expect(read(Buffer.from(broken))).rejects.toThrow();
    }
  });

  test("says by its header what separates its parts", () => {
    const of = (type: string) => boundaryOf(new Headers({ "content-type": type }));
    expect(of("multipart/form-data; boundary=ab-1")).toBe("ab-1");
    expect(of('Multipart/Form-Data; charset=utf-8; boundary="a b"')).toBe("a b");
    for (const type of ["multipart/form-data", "multipart/mixed; boundary=a", "text/plain"]) {
      expect(() => of(type)).toThrow("multipart/form-data");
    }
  });
});
