// What no design of an upload leaves out: a program that receives, hashes, writes and syncs, and does nothing else. Started as
// `bun bareServer.ts <port> <folder>`. It keeps no rows, checks nothing, and loses its sessions when it ends.
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";

/** As many bytes are written at a time as Breadbox does, and synced in the background as it does on a slow disk: none early. */
const [batchBytes, syncEveryBytes] = [512 * 1024, 32 * 1_048_576];

interface Upload {
  readonly file: FileHandle;
  readonly hasher: Bun.CryptoHasher;
  size: number;
}

const uploads = new Map<string, Upload>();

async function append(upload: Upload, body: ReadableStream<Uint8Array>): Promise<void> {
  const { file, hasher } = upload;
  let [batch, size, syncedAt]: [Uint8Array[], number, number] = [[], 0, upload.size];
  let [writing, syncing] = [Promise.resolve(), Promise.resolve()];
  const flush = async () => {
    await writing;
    const [chunks, at] = [batch, upload.size];
    upload.size += size;
    [batch, size] = [[], 0];
    writing = write(file, chunks, at);
    if (upload.size - syncedAt < syncEveryBytes) return;
    syncedAt = upload.size;
    syncing = writing.then(() => file.datasync());
  };
  for await (const chunk of body) {
    hasher.update(chunk);
    batch.push(chunk);
    size += chunk.byteLength;
    if (size >= batchBytes) await flush();
  }
  if (size > 0) await flush();
  await Promise.all([writing, syncing]);
  await file.datasync();
}

async function write(file: FileHandle, chunks: Uint8Array[], at: number): Promise<void> {
  await file.writev(chunks, at);
  for (const { buffer } of chunks) if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

async function answer(request: Request, folder: string): Promise<Response> {
  const { pathname: path, searchParams } = new URL(request.url);
  if (request.method === "POST") {
    const location = `/${crypto.randomUUID()}`;
    const file = await open(join(folder, location), "wx");
    uploads.set(location, { file, hasher: new Bun.CryptoHasher("sha256"), size: 0 });
    return new Response(null, { status: 202, headers: { location } });
  }
  const upload = uploads.get(path);
  if (upload === undefined) return new Response(null, { status: 404 });
  if (request.body !== null) await append(upload, request.body);
  if (request.method === "PATCH") {
    return new Response(null, { status: 202, headers: { location: path } });
  }
  uploads.delete(path);
  await upload.file.close();
  const isRight = searchParams.get("digest") === `sha256:${upload.hasher.digest("hex")}`;
  return new Response(null, { status: isRight ? 201 : 400 });
}

const [port = "0", folder = "."] = process.argv.slice(2);
Bun.serve({
  ...{ port: Number(port), hostname: "127.0.0.1", idleTimeout: 255 },
  maxRequestBodySize: 2 ** 40,
  fetch: (request) => answer(request, folder),
});
