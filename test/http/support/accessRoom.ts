// A registry that asks everybody who they are, with callers of every kind.
import { accountsTool } from "../../../src/access/manage.ts";
import { pushImage } from "./image.ts";
import { openRegistry, type RegistryOptions, type TestRegistry } from "./registry.ts";

/** The password of every user here. */
export const password = "correct horse battery";

/** Value of `Authorization` for a user. */
export const basic = (name: string, secret: string = password): string =>
  `Basic ${Buffer.from(`${name}:${secret}`).toString("base64")}`;

/** Commands on the accounts of a registry. */
export function accountsOf(registry: TestRegistry) {
  const { metadata } = registry.store.rooms;
  return accountsTool({
    accounts: metadata.accounts,
    access: metadata.access,
    trust: metadata.trust,
    clock: registry.store.clock.now,
    newId: () => Bun.randomUUIDv7(),
    by: { who: "command:test", address: null, requestId: null },
    htpasswd: null,
  });
}

export type Accounts = ReturnType<typeof accountsTool>;

/** A registry with an administrator `root`, which is closed by that. */
export async function openClosed(options: RegistryOptions = {}) {
  const registry = await openRegistry({ auth: "auto", ...options });
  const accounts = accountsOf(registry);
  await accounts.addUser("root", { password, isAdmin: true });
  /** One request with these credentials; null for none. */
  const ask = (method: string, path: string, who: string | null, init: RequestInit = {}) =>
    fetch(`${registry.url}${path}`, {
      ...init,
      method,
      headers: {
        ...Object.fromEntries(new Headers(init.headers)),
        ...(who === null ? {} : { authorization: who }),
      },
    });
  return {
    registry,
    accounts,
    ask,
    status: async (...asked: Parameters<typeof ask>): Promise<number> =>
      (await ask(...asked)).status,
    /** Pushes an image while everybody may. */
    async seed(name: string, tag: string) {
      const who = "anonymous";
      const actions = "pull,push,overwrite";
      const id = await accounts.addRule({ who, effect: "allow", pattern: "**", actions });
      const image = await pushImage(registry.url, { name, tag });
      await accounts.removeRule(id);
      return image;
    },
    /** @returns `Authorization` with a new access token that may do `grants`. */
    async token(name: string, ...grants: readonly string[]): Promise<string> {
      const made = await accounts.createToken(name, {
        grants: grants.map((grant) => {
          const colon = grant.lastIndexOf(":");
          return { pattern: grant.slice(0, colon), actions: grant.slice(colon + 1) };
        }),
        lastsMs: 3_600_000,
      });
      return basic("token", made ?? "");
    },
    /** @returns `Authorization` with a bearer token from the token endpoint. */
    async bearer(who: string | null, ...scopes: readonly string[]): Promise<string> {
      const query = scopes.map((scope) => `scope=${encodeURIComponent(scope)}`).join("&");
      const answer = await ask("GET", `/v2/token?${query}`, who);
      return `Bearer ${Object(await answer.json())["token"]}`;
    },
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}

export type Closed = Awaited<ReturnType<typeof openClosed>>;
