// A registry in this process, and `breadbox bucket` as processes beside it, in a folder of their own.
import { join } from "node:path";
import { openRegistry, type RegistryOptions, type TestRegistry } from "../http/support/registry.ts";
import { tempFolder } from "../support/processes.ts";
import { adopt, release, type Scope } from "../support/scope.ts";
import { breadbox, type Ended, main } from "./command.ts";

export const kibibyte = 1024;
export const mebibyte = 1024 * 1024;

/** `sha256:…` of bytes. */
export const digestOf = (bytes: Uint8Array): string =>
  `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;

/** A `breadbox bucket …` that goes on. */
export interface RunningCommand {
  readonly pid: number;
  /** What it has said on standard error so far. */
  said(): string;
  ended(): Promise<Ended>;
}

/** The folder, and the commands that run in it. `url` is that of the server they speak to. */
export class CommandRoom {
  readonly folder: string;
  url: string;

  constructor(scope: Scope, url: string) {
    this.folder = tempFolder(scope, "bucket");
    this.url = url;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a file into the folder. */
  async write(name: string, bytes: Uint8Array | string): Promise<string> {
    await Bun.write(this.path(name), bytes);
    return this.path(name);
  }

  async read(name: string): Promise<Uint8Array> {
    return Bun.file(this.path(name)).bytes();
  }

  /** Runs `breadbox bucket …` to its end. */
  bucket(...args: readonly string[]): Promise<Ended> {
    return breadbox(["bucket", ...args], { cwd: this.folder, env: { BREADBOX_SERVER: this.url } });
  }

  /** Runs it, and reads what it prints as JSON. @throws Error with what it said when it failed. */
  async json(...args: readonly string[]) {
    const { out, err, code } = await this.bucket(...args, "--json");
    if (code !== 0) throw new Error(`bucket ${args.join(" ")} ended with ${code}\n${err}`);
    return JSON.parse(out);
  }

  /** Starts it. @param input its standard input. */
  start(args: readonly string[], input: Uint8Array | "ignore" = "ignore"): RunningCommand {
    const child = Bun.spawn([process.execPath, main, "bucket", ...args], {
      cwd: this.folder,
      env: { BREADBOX_SERVER: this.url },
      stdin: input,
      stdout: "pipe",
      stderr: "pipe",
    });
    adopt(child.pid);
    let err = "";
    const heard = (async () => {
      for await (const bytes of child.stderr) err += Buffer.from(bytes).toString();
    })();
    const out = child.stdout.text();
    return {
      pid: child.pid,
      said: () => err,
      async ended() {
        const code = await child.exited;
        release(child.pid);
        await heard;
        return { out: await out, err, code };
      },
    };
  }
}

/** Opens a registry with one bucket, `box`, until the scope closes. */
export async function openBucketRoom(
  scope: Scope,
  options: RegistryOptions = {},
): Promise<{ readonly registry: TestRegistry; readonly room: CommandRoom }> {
  const registry = await openRegistry(options);
  scope.defer(() => registry[Symbol.asyncDispose]());
  await createBucket(registry.url);
  return { registry, room: new CommandRoom(scope, registry.url) };
}

/** Creates the bucket `box`. */
export async function createBucket(url: string): Promise<void> {
  const answer = await fetch(`${url}/v1/buckets`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "box" }),
  });
  if (answer.status !== 201) throw new Error(`POST /v1/buckets: ${answer.status}`);
}

/** Where parts wait once `after` of them are recorded, until somebody lets them go. */
export class PartGate {
  /** Parts that were recorded. */
  recorded = 0;
  readonly #after: number;
  readonly #opened = Promise.withResolvers<void>();
  readonly #reached = Promise.withResolvers<void>();

  constructor(after: number) {
    this.#after = after;
  }

  /** Resolves when the first part waits. */
  readonly reached: Promise<void> = this.#reached.promise;

  open(): void {
    this.#opened.resolve();
  }

  /** For `RegistryOptions.change`. */
  readonly change: NonNullable<RegistryOptions["change"]> = (backend) => {
    const { multipart } = backend.objects;
    const recordPart: typeof multipart.recordPart = async (...what) => {
      if (this.recorded >= this.#after) {
        this.#reached.resolve();
        await this.#opened.promise;
      }
      this.recorded += 1;
      return multipart.recordPart(...what);
    };
    return { ...backend, objects: { ...backend.objects, multipart: { ...multipart, recordPart } } };
  };
}
