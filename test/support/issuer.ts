// An OpenID Connect issuer on this machine: signs ID tokens with the claims of real CI systems, and can be down, slow or confused.
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

export type Claims = Readonly<Record<string, unknown>>;

interface Key {
  readonly id: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

/** What a token may have that is unusual. */
export interface Unusual {
  readonly audience?: string | readonly string[];
  /** Header members besides `alg` and `kid`. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** Seconds from now until it ends. */
  readonly lasts?: number;
  /** Seconds from now that it was issued at. */
  readonly issued?: number;
  readonly kid?: string;
  readonly key?: CryptoKey;
  /** Claims that are left out. */
  readonly without?: readonly string[];
}

async function makeKey(id: string, alg: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { id, privateKey, jwk: { ...(await exportJWK(publicKey)), kid: id, alg, use: "sig" } };
}

/** What an issuer is started with. */
export interface IssuerOptions {
  /** Unix ms. */
  readonly clock?: () => number;
  /** Behind the origin, such as `/api/actions`. */
  readonly path?: string;
  readonly algorithm?: string;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** As whom it signs; its own address without it. */
  readonly name?: string;
}

/** Starts an issuer; `await using` stops it. */
export async function startIssuer(options: IssuerOptions = {}) {
  const { path = "", clock = Date.now, algorithm = "ES256", tls } = options;
  let keys = [await makeKey("1", algorithm)];
  const asked: string[] = [];
  let answer: ((address: string) => Response | Promise<Response> | null) | null = null;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    ...(tls && { tls }),
    fetch: (request): Response | Promise<Response> => {
      const address = new URL(request.url).pathname;
      asked.push(address);
      const other = answer?.(address) ?? null;
      if (other !== null) return other;
      if (address === `${path}/.well-known/openid-configuration`) {
        return Response.json({ issuer: url, jwks_uri: `${origin}${path}/keys` });
      }
      if (address === `${path}/keys`) return Response.json({ keys: keys.map(({ jwk }) => jwk) });
      return tokenFor(request);
    },
  });
  const origin: string = `${tls ? "https" : "http"}://localhost:${server.port}`;
  const url: string = options.name ?? `${origin}${path}`;
  let job: Claims = {};

  /** As runners of GitHub and Forgejo ask for the token of their job. */
  async function tokenFor(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/token" || request.headers.get("authorization") !== "bearer runner") {
      return new Response(null, { status: 404 });
    }
    const audience = searchParams.get("audience") ?? "";
    return Response.json({ value: await sign(job, { audience }) });
  }

  async function sign(claims: Claims, unusual: Unusual = {}): Promise<string> {
    const { audience = "", header = {}, lasts = 300, issued = 0, without = [] } = unusual;
    const now = Math.floor(clock() / 1000);
    const [first] = keys;
    if (first === undefined) throw new Error("the issuer has no key");
    const payload: Record<string, unknown> = {
      ...{ iss: url, aud: audience, iat: now + issued, nbf: now + issued - 5, exp: now + lasts },
      ...{ jti: crypto.randomUUID(), ...claims },
    };
    for (const claim of without) delete payload[claim];
    return new SignJWT(payload)
      .setProtectedHeader({ alg: algorithm, typ: "JWT", kid: unusual.kid ?? first.id, ...header })
      .sign(unusual.key ?? first.privateKey, { crit: { unknown: false } });
  }

  return {
    url,
    origin,
    /** Paths that were asked for. */
    asked,
    sign,
    /** Claims of the job that asks at `/token`. */
    runs(claims: Claims): void {
      job = claims;
    },
    /** The next tokens have another key; the old one is gone. */
    async rotate(id: string): Promise<void> {
      keys = [await makeKey(id, algorithm)];
    },
    /** Answers in place of the issuer; null for what it answers itself. */
    answers(instead: typeof answer): void {
      answer = instead;
    },
    jwks: () => ({ keys: keys.map(({ jwk }) => jwk) }),
    async [Symbol.asyncDispose](): Promise<void> {
      await server.stop(true);
    },
  };
}

export type TestIssuer = Awaited<ReturnType<typeof startIssuer>>;

/** As docs.github.com shows them ("OpenID Connect reference"); Forgejo's have the same names. */
export const githubJob: Claims = {
  sub: "repo:acme/app:ref:refs/heads/main",
  repository: "acme/app",
  repository_id: "74",
  repository_owner: "acme",
  repository_owner_id: "65",
  ref: "refs/heads/main",
  ref_type: "branch",
  sha: "8843d7f92416211de9ebb963ff4ce28125932878",
  event_name: "push",
  head_ref: "",
  base_ref: "",
  run_id: "1658821493",
  run_attempt: "2",
  actor: "octocat",
  actor_id: "12",
  workflow: "build",
  runner_environment: "github-hosted",
};

/** As docs.gitlab.com shows them ("ID token authentication"). */
export const gitlabJob: Claims = {
  sub: "project_path:acme/app:ref_type:branch:ref:main",
  namespace_id: "72",
  namespace_path: "acme",
  project_id: "20",
  project_path: "acme/app",
  user_id: "1",
  user_login: "sample-user",
  pipeline_id: "574",
  pipeline_source: "push",
  job_id: "302",
  ref: "main",
  ref_type: "branch",
  ref_path: "refs/heads/main",
  ref_protected: "true",
  sha: "714a629c0b401fdce83e847fc9589983fc6f46bc",
};

/** As kubernetes.io shows them ("Managing Service Accounts"). */
export const podOfCluster: Claims = {
  sub: "system:serviceaccount:ci:builder",
  "kubernetes.io": {
    namespace: "ci",
    node: { name: "node-1", uid: "646e7c5e-32d6-4d42-9dbd-e504e6cbe6b1" },
    pod: { name: "build-1", uid: "5e0bd49b-f040-43b0-99b7-22765a53f7f3" },
    serviceaccount: { name: "builder", uid: "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798" },
  },
};
