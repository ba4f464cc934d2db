// A registry that trusts an issuer, and jobs of that issuer.
import { trustTool } from "../../../src/access/manageTrust.ts";
import type { TypedTrust } from "../../../src/access/trustInput.ts";
import {
  type Claims,
  type IssuerOptions,
  startIssuer,
  type Unusual,
} from "../../support/issuer.ts";
import { basic, openClosed } from "./accessRoom.ts";
import type { RegistryOptions } from "./registry.ts";

const usual: TypedTrust = {
  ...{ kind: "github", place: "acme/app", issuer: null, name: null, id: "74" },
  ...{ refs: [], claims: [], allowsPullRequests: false, ca: null },
};

/** What a room is opened with. */
interface Options {
  readonly registry?: RegistryOptions;
  readonly issuer?: IssuerOptions;
}

/** Opens both; `await using` closes them. */
export async function openKeyless({ registry, issuer: asked }: Options = {}) {
  const room = await openClosed(registry);
  const { store } = room.registry;
  const issuer = await startIssuer({ clock: store.clock.now, ...asked });
  const { metadata } = store.rooms;
  const trust = trustTool({
    ...{ trust: metadata.trust, accounts: metadata.accounts, clock: store.clock.now },
    newId: () => Bun.randomUUIDv7(),
    by: { who: "command:test", address: null, requestId: null },
  });
  const audience = room.registry.url;
  return {
    ...room,
    issuer,
    audience,
    trust,
    /** Adds a rule; without anything else for acme/app of this issuer. */
    trusts: (typed: Partial<TypedTrust> = {}, grant = "lab/**:pull,push") => {
      const colon = grant.lastIndexOf(":");
      return trust.add({ ...usual, issuer: issuer.url, ...typed }, [
        { pattern: grant.slice(0, colon), actions: grant.slice(colon + 1) },
      ]);
    },
    /** @returns the ID token of a job. */
    token: (claims: Claims, unusual: Unusual = {}) => issuer.sign(claims, { audience, ...unusual }),
    /** @returns the status of a login with an ID token. */
    async login(token: string, user = "job"): Promise<number> {
      return (await room.ask("GET", "/v2/", basic(user, token))).status;
    },
    [Symbol.asyncDispose]: async () => {
      await issuer[Symbol.asyncDispose]();
      await room[Symbol.asyncDispose]();
    },
  };
}

export type Keyless = Awaited<ReturnType<typeof openKeyless>>;
