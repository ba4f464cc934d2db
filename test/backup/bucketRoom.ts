// Another Breadbox with a bucket for backups: everybody logs in there, and a token has the rights that docs/BACKUP.md names.
import { accountsOf, password } from "../http/support/accessRoom.ts";
import { openRegistry, type RegistryOptions, type TestRegistry } from "../http/support/registry.ts";
import { keyOf, objectsIn } from "../support/objectStore.ts";
import type { Scope } from "../support/scope.ts";

/** The rights of a backup without `--keep`, and with it. */
export const rights = {
  add: ["bucket:backups/**:pull,push", "bucket:backups/lease:overwrite"],
  prune: ["bucket:backups/**:pull,push,delete", "bucket:backups/lease:overwrite"],
} as const;

/** Another Breadbox, until the scope closes. */
export interface OtherBox {
  readonly registry: TestRegistry;
  readonly token: string;
  /** The target, with its token. @param port of a proxy in front. */
  url(path?: string, port?: number): string;
  /** Names of the objects in the bucket that begin so. */
  names(prefix?: string): Promise<string[]>;
  put(name: string, bytes: Uint8Array): Promise<unknown>;
  remove(name: string): Promise<void>;
}

/** Opens it with the bucket `backups`. */
export async function openOtherBox(
  scope: Scope,
  grants: readonly string[] = rights.prune,
  options: RegistryOptions = {},
): Promise<OtherBox> {
  const registry = await openRegistry({ auth: "auto", ...options });
  scope.defer(() => registry[Symbol.asyncDispose]());
  const accounts = accountsOf(registry);
  await accounts.addUser("root", { password, isAdmin: true });
  const asked = grants.map((grant) => {
    const [bucket, name, actions = ""] = grant.split(":");
    return { pattern: `${bucket}:${name}`, actions };
  });
  const token = (await accounts.createToken("backup", { grants: asked, lastsMs: 3_600_000 })) ?? "";
  const objects = objectsIn(registry.store);
  await objects.createBucket("backups");
  const { port: own } = new URL(registry.url);
  return {
    ...{ registry, token },
    url: (path = "backups", port = Number(own)) =>
      `http://token:${token}@127.0.0.1:${port}/${path}`,
    async names(prefix = "") {
      const page = { prefix, after: null, limit: 1000, delimiter: null };
      const { bucket } = keyOf("backups/any");
      const listed = await registry.store.rooms.metadata.objects.listObjects(bucket, page);
      return listed?.objects.map(({ object }) => String(object)) ?? [];
    },
    put: (name, bytes) => objects.put(`backups/${name}`, bytes),
    remove: (name) => objects.remove(`backups/${name}`),
  };
}
