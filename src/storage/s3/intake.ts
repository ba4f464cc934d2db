// Files of this machine that become content: read, hashed and sent, never shared.
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { errnoOf } from "../../durability/errno.ts";
import { algorithmOf } from "../../model/digest.ts";
import type { Locator } from "../../model/locator.ts";
import { makeUploadId } from "../../model/uploadId.ts";
import type { Intake, OutsideFile, Taken } from "../intake.ts";
import { answering } from "./content.ts";
import { digestOf } from "./hashes.ts";
import { newContentKey } from "./names.ts";
import type { S3Tools } from "./tools.ts";
import { storeBody } from "./wholeObject.ts";

/** Bytes read at a time. */
const step = 1_048_576;
const onlyFile = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "it is missing",
  ELOOP: "it is a symbolic link",
  EACCES: "this user may not read it",
  EPERM: "this user may not read it",
};

/** This group of the port. */
export class S3Intake implements Intake {
  readonly #tools: S3Tools;

  constructor(tools: S3Tools) {
    this.#tools = tools;
  }

  async take(outside: OutsideFile): Promise<Taken> {
    this.#tools.latch.assertWritable();
    const file = await open(outside.path, onlyFile).catch((error: unknown) => {
      const reason = reasons[errnoOf(error) ?? ""];
      if (reason === undefined) throw error;
      return reason;
    });
    if (typeof file === "string") return { kind: "unreadable", reason: file };
    try {
      if (!(await file.stat()).isFile()) return { kind: "unreadable", reason: "it is not a file" };
      return await answering(() => this.#send(file, outside));
    } finally {
      await file.close();
    }
  }

  /** Its bytes are no file of this machine. */
  async share(): Promise<null> {
    return null;
  }

  async #send(file: FileHandle, { digest, owner }: OutsideFile): Promise<Taken> {
    const { objects, newId } = this.#tools;
    const id = makeUploadId(owner);
    const key = newContentKey(id, "session", newId);
    const algorithm = algorithmOf(digest);
    const hasher = new Bun.CryptoHasher(algorithm);
    const signal = new AbortController().signal;
    const body = readFile(file, (chunk) => hasher.update(chunk));
    const object = { id, kind: "session", key } as const;
    const { size, cut } = await storeBody(this.#tools, object, body, { expected: null, signal });
    if (cut !== null) throw cut;
    const actual = digestOf({ algorithm, hasher });
    if (actual !== digest) {
      await objects.remove(key);
      return { kind: "mismatch", actual };
    }
    return { kind: "taken", locator: key as Locator, size, way: "copy" };
  }
}

async function* readFile(
  file: FileHandle,
  follow: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; ; ) {
    const { bytesRead, buffer } = await file.read(new Uint8Array(step), 0, step, at);
    if (bytesRead === 0) return;
    const chunk = buffer.subarray(0, bytesRead);
    follow(chunk);
    yield chunk;
    at += bytesRead;
  }
}
