// One GET to another registry: login by Basic or by a token, patience with a registry that is busy.
import { SourceError } from "./source.ts";

/** Of whoever imports. */
export interface RemoteLogin {
  readonly username: string;
  readonly password: string;
  /** A host that may have the login as well, if the registry names it; null for none. */
  readonly tokenServer: string | null;
}

/** What a request has besides its path. */
export interface AskOptions {
  /** What a token is asked for. */
  readonly scope: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses that say "not here". */
  readonly absent?: readonly number[];
}

/** An answer that came whole. */
export interface RemoteAnswer {
  readonly headers: Headers;
  readonly body: Uint8Array;
}

const tries = 5;
const firstRestMs = 500;
const longestRestMs = 60_000;
/** Until the head of an answer is there. A body may take as long as it needs. */
const patienceMs = 60_000;

/** Asks one registry. Tokens are kept by scope until they are refused. */
export class Ask {
  readonly base: URL;
  readonly #login: RemoteLogin | null;
  readonly #authorizations = new Map<string, string>();

  constructor(base: URL, login: RemoteLogin | null) {
    this.base = base;
    this.#login = login;
  }

  /** @returns null when it is not there. @throws SourceError when the registry refuses, or is not reached. */
  async get(path: string, options: AskOptions): Promise<Response | null> {
    let isNew = false;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#try(path, options, attempt);
      if (answer === null) continue;
      if (answer.ok) return answer;
      await answer.body?.cancel();
      if ((options.absent ?? [404]).includes(answer.status)) return null;
      if (answer.status === 401 && !isNew) {
        this.#authorizations.set(options.scope, await this.#authorize(answer, options.scope));
        isNew = true;
      } else if (attempt < tries && isPassing(answer.status)) {
        await Bun.sleep(restOf(answer, attempt));
      } else {
        throw new SourceError(refusal(this.base, path, answer.status));
      }
    }
  }

  /** As `get`, with the whole body: one that breaks off is asked for again. */
  async read(path: string, options: AskOptions): Promise<RemoteAnswer | null> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.get(path, options);
      if (answer === null) return null;
      const body = await answer.bytes().catch(() => null);
      if (body !== null) return { headers: answer.headers, body };
      if (attempt >= tries) throw new SourceError(`the answer to GET ${path} breaks off`);
      await Bun.sleep(firstRestMs * 2 ** (attempt - 1));
    }
  }

  /** @returns null when it is to be tried again. */
  async #try(
    path: string,
    { scope, headers = {} }: AskOptions,
    attempt: number,
  ): Promise<Response | null> {
    const authorization = this.#authorizations.get(scope);
    const own = authorization === undefined ? {} : { authorization };
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(), patienceMs);
    try {
      return await fetch(new URL(path, this.base), {
        ...{ headers: { ...headers, ...own }, signal: waiting.signal },
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (attempt >= tries) throw new SourceError(`${this.base.origin} is not reached: ${reason}`);
      await Bun.sleep(firstRestMs * 2 ** (attempt - 1));
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  /** @returns the Authorization header that the challenge asks for. */
  async #authorize(answer: Response, scope: string): Promise<string> {
    const challenge = answer.headers.get("www-authenticate") ?? "";
    const login = this.#login;
    const basic =
      login === null ? null : `Basic ${btoaUtf8(`${login.username}:${login.password}`)}`;
    if (/^basic\b/i.test(challenge)) {
      if (basic !== null) return basic;
      throw new SourceError(
        `${this.base.host} asks for a login: use --username NAME --password-stdin`,
      );
    }
    const realm = URL.parse(/\brealm="([^"]*)"/i.exec(challenge)?.[1] ?? "");
    if (!/^bearer\b/i.test(challenge) || realm === null) {
      throw new SourceError(`${this.base.host} asks for a login of a kind that is not known here`);
    }
    const service = /\bservice="([^"]*)"/i.exec(challenge)?.[1];
    if (service !== undefined) realm.searchParams.set("service", service);
    realm.searchParams.set("scope", scope);
    if (login !== null && !mayHaveLogin(this.base, realm, login.tokenServer)) {
      throw new SourceError(strange(this.base, realm));
    }
    return `Bearer ${await fetchToken(realm, basic, this.base)}`;
  }
}

/** Token servers that have another name than their registry. */
const tokenServers: Readonly<Record<string, string>> = {
  "registry-1.docker.io": "auth.docker.io",
  "registry.gitlab.com": "gitlab.com",
};

/**
 * A login is sent to the registry that it is for, and to the token server that is known or was named for it, over a line that is as safe. A host
 * of the same domain is no reason: `evil.duckdns.org` is not that of `home.duckdns.org`.
 */
export function mayHaveLogin(base: URL, realm: URL, tokenServer: string | null): boolean {
  if (isWorse(base, realm)) return false;
  const hosts = [base.hostname, tokenServers[base.hostname], tokenServer];
  return hosts.includes(realm.hostname) || realm.host === tokenServer;
}

function isWorse(base: URL, realm: URL): boolean {
  return base.protocol === "https:" && realm.protocol !== "https:";
}

function strange(base: URL, realm: URL): string {
  const said = `${base.host} wants the login to be sent to ${realm.origin}`;
  return isWorse(base, realm)
    ? `${said}, which is not encrypted`
    : `${said}. If that is its token server, add --token-server ${realm.host}`;
}

async function fetchToken(realm: URL, basic: string | null, base: URL): Promise<string> {
  const headers = basic === null ? {} : { authorization: basic };
  const refused = (reason: string) =>
    new SourceError(`${base.host} gives no token for this import: ${reason}`);
  const answer = await fetch(realm, { headers, signal: AbortSignal.timeout(patienceMs) }).catch(
    (error: unknown) => {
      throw refused(
        `${realm.host} is not reached (${error instanceof Error ? error.message : error})`,
      );
    },
  );
  if (!answer.ok) throw refused(`${realm.host} answered ${answer.status}; is the login right?`);
  const found: unknown = await answer.json().catch(() => null);
  for (const [name, value] of Object.entries(found ?? {})) {
    if ((name === "token" || name === "access_token") && typeof value === "string") return value;
  }
  throw refused(`${realm.host} sent none`);
}

const btoaUtf8 = (text: string): string => Buffer.from(text, "utf8").toString("base64");

const isPassing = (status: number): boolean => status === 429 || status >= 500;

function restOf(answer: Response, attempt: number): number {
  const asked = Number(answer.headers.get("retry-after"));
  const ms = asked > 0 ? asked * 1000 : firstRestMs * 2 ** attempt;
  return Math.min(ms, longestRestMs);
}

function refusal(base: URL, path: string, status: number): string {
  const login = status === 401 || status === 403 ? "; is the login right?" : "";
  return `${base.host} answered ${status} to GET ${path}${login}`;
}
