// Who may come in: the right that an operation needs, asked of the caller that a request's credentials name. Everything that is refused
// here is refused before anything of the store is looked at, so that the answer tells nothing of it.
import type { Access } from "../access/access.ts";
import { type Action, areas, type Principal, type Resource } from "../access/actions.ts";
import type { BrowserSessions } from "../access/browserSessions.ts";
import { type Credentials, readCredentials } from "../access/credentials.ts";
import { type Admitted, anonymous, type Caller, type Identity } from "../access/identity.ts";
import { everything } from "../access/rights.ts";
import { RegistryError } from "../errors.ts";
import type { MultipartKey } from "../metadata/multipart.ts";
import type { Precondition } from "../metadata/objects.ts";
import type { JobOrigin } from "../model/jobOrigin.ts";
import type { ObjectName } from "../model/objectNames.ts";
import type { LinkRights } from "../objects/link.ts";
import { audiencesOf, type OwnNames } from "./audiences.ts";
import { challengeOf, type Reason } from "./challenges.ts";
import { assertOwnPage } from "./crossSite.ts";
import { AnswerError } from "./errors.ts";
import type { Need } from "./operation.ts";
import { type Question, queryOf, type RequestContext } from "./requestContext.ts";
import { readSessionCookie } from "./sessionCookie.ts";

/** What the door works with. */
export interface DoorDeps {
  readonly access: Pick<Access, "mayClose" | "isOpen" | "known" | "admit" | "rightsOf">;
  readonly sessions: Pick<BrowserSessions, "admit">;
  /** The object that an upload in parts is for; null when there is no such upload. */
  findUpload(key: MultipartKey): Promise<ObjectName | null>;
  readonly names: OwnNames;
}

/**
 * Sets `context.rights` and `context.subject`. @returns null when the request may go on at once.
 * @throws RegistryError UNAUTHORIZED (with `WWW-Authenticate`), DENIED, LOGINS_TOO_MANY, MULTIPART_UNKNOWN
 */
export type Door = (context: RequestContext, question: Question) => Promise<void> | null;

/** Makes the door of a server. */
export function makeDoor(deps: DoorDeps): Door {
  const { access } = deps;
  return (context, { operation: { needs } }) => {
    const isOpen = needs === "nothing" ? !access.mayClose : access.isOpen();
    if (isOpen === true) letIn(context, needs);
    if (isOpen === true || needs === "nothing") return null;
    const credentials = credentialsOf(context, deps.names);
    if (isOpen !== false || typeof needs === "string" || needs.on === "upload") {
      return admit(deps, context, { needs, credentials, isOpen });
    }
    const admitted =
      credentials.kind === "session"
        ? null
        : access.known(credentials, () => callerOf(context, deps.names));
    if (admitted === null) return admit(deps, context, { needs, credentials, isOpen });
    // Nothing has to be waited for.
    assertRight(deps, context, { needs, admitted, subject: subjectOf(context, needs) });
    return null;
  };
}

/** What a request brings: in a header, or, without one, as a browser that has logged in. */
type Brought = Credentials | { readonly kind: "session"; readonly secret: string };

function credentialsOf(context: RequestContext, names: OwnNames): Brought {
  const credentials = readCredentials(context.request.headers.get("authorization"));
  if (credentials.kind !== "none") return credentials;
  const secret = readSessionCookie(context, names);
  return secret === null ? credentials : { kind: "session", secret };
}

/** A request whose credentials were read. */
interface Asked {
  readonly needs: Exclude<Need, "nothing">;
  readonly credentials: Brought;
  readonly isOpen: boolean | Promise<boolean>;
}

async function admit(
  deps: DoorDeps,
  context: RequestContext,
  { needs, credentials, isOpen }: Asked,
): Promise<void> {
  if (await isOpen) {
    letIn(context, needs);
    return;
  }
  const admitted = await recognise(deps, context, needs, credentials);
  if (typeof needs === "string") {
    take(deps, context, needs, admitted);
    await admitCaller(deps, context, needs, admitted.identity);
    return;
  }
  assertRight(deps, context, { needs, admitted, subject: await findSubject(deps, context, needs) });
}

/** @throws RegistryError UNAUTHORIZED, DENIED, MULTIPART_UNKNOWN */
function assertRight(
  deps: DoorDeps,
  context: RequestContext,
  asked: { readonly needs: RightNeed; readonly admitted: Admitted; readonly subject: Resource },
): void {
  const { needs, admitted, subject } = asked;
  const { principal, scopes } = admitted.identity;
  take(deps, context, needs, admitted);
  context.subject = subject;
  if (context.rights.may(needs.right, subject)) return;
  // Who may not write to an upload must not learn that there is one.
  const isWhole = principal.kind !== "anonymous" && scopes === null;
  if (needs.on === "upload" && isWhole) throw new RegistryError("MULTIPART_UNKNOWN");
  throw context.refuse();
}

function take(
  deps: DoorDeps,
  context: RequestContext,
  needs: Need,
  { identity, rights }: Admitted,
): void {
  context.rights = rights;
  context.refuse = () => refusal(deps, context, needs, identity);
}

/** Everybody, on an open server. @throws RegistryError DOOR_OPEN */
function letIn(context: RequestContext, needs: Need): void {
  if (needs === "administrator") throw new RegistryError("DOOR_OPEN");
  context.rights = everything;
}

/** A bearer token, made for repositories, is no administrator whoever holds it. @throws RegistryError UNAUTHORIZED, ADMINISTRATORS_ONLY */
function assertAdministrator(context: RequestContext, { principal, scopes }: Identity): void {
  if (principal.kind === "anonymous" || scopes !== null) throw context.refuse();
  if (principal.kind === "user" && principal.isAdmin) return;
  throw new RegistryError("ADMINISTRATORS_ONLY");
}

/** Operations whose caller matters more than what they are about. */
async function admitCaller(
  { access }: DoorDeps,
  context: RequestContext,
  needs: Exclude<Need, "nothing" | RightNeed>,
  identity: Identity,
): Promise<void> {
  if (needs === "administrator") return assertAdministrator(context, identity);
  const isAnonymous = identity.principal.kind === "anonymous";
  if (isAnonymous && (needs === "login" || !context.rights.mayAnything)) throw context.refuse();
  if (needs !== "own" || identity.scopes === null) return;
  // A token for the catalog shows which repositories its holder may see, and nothing else.
  const isForCatalog = identity.scopes.some(({ type }) => type === "registry");
  if (context.foreign || !isForCatalog) throw context.refuse();
  context.rights = await access.rightsOf({ ...identity, scopes: null });
}

/** Who sent a request. @throws RegistryError UNAUTHORIZED, LOGINS_TOO_MANY */
async function recognise(
  deps: DoorDeps,
  context: RequestContext,
  needs: Need,
  credentials: Brought,
): Promise<Admitted> {
  const { access, names, sessions } = deps;
  const nobody = async () => ({ identity: anonymous, rights: await access.rightsOf(anonymous) });
  if (credentials.kind === "none") return nobody();
  if (credentials.kind === "session") {
    const found = await sessions.admit(credentials.secret);
    // One that has ended is none: what everybody may see is still shown.
    if (found === null) return nobody();
    assertOwnPage(context.request);
    return found;
  }
  try {
    const admitted = await access.admit(credentials, callerOf(context, names));
    if (admitted !== null) return admitted;
    if (await isOpenToAll(deps, context, needs)) return nobody();
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    if (await isOpenToAll(deps, context, needs)) return nobody();
    throw error.situation === "UNAUTHORIZED" ? unauthorized(deps, context, needs, error) : error;
  }
  throw unauthorized(deps, context, needs, credentials.kind === "bearer" ? "invalid_token" : null);
}

/** What a login may depend on besides its credentials. */
export function callerOf(context: RequestContext, names: OwnNames): Caller {
  return {
    address: context.address(),
    requestId: context.requestId,
    audiences: () => audiencesOf(context.origin(), names),
  };
}

/** True for reads that need no credentials: wrong ones are as good as none, since dockerd sends a mirror those of another registry. */
async function isOpenToAll(deps: DoorDeps, context: RequestContext, needs: Need): Promise<boolean> {
  if (typeof needs === "string" || needs.right !== "pull") return false;
  const rights = await deps.access.rightsOf(anonymous);
  return rights.may(needs.right, await findSubject(deps, context, needs));
}

type RightNeed = Exclude<Need, string>;

async function findSubject(
  deps: DoorDeps,
  context: RequestContext,
  needs: RightNeed,
): Promise<Resource> {
  const { bucket, uploadId } = context.params;
  if (needs.on !== "upload" || bucket === undefined || uploadId === undefined) {
    return subjectOf(context, needs);
  }
  const found = await deps.findUpload({ bucket, id: uploadId });
  // Of an upload that is not there, only those hear who may write to the whole bucket.
  return found === null
    ? { kind: "objects", bucket, prefix: "" }
    : { kind: "object", bucket, object: found };
}

/** What the path names. @throws Error for an operation whose path does not. */
function subjectOf(context: RequestContext, { on }: RightNeed): Resource {
  const { name, bucket, object } = context.params;
  if (on === "repository" && name !== undefined) return { kind: on, repository: name };
  if (bucket === undefined) {
    const area = areas.find((each) => each === on);
    if (area !== undefined) return { kind: "server", area };
    throw new Error(`the path names no ${on}`);
  }
  if (on === "bucket") return { kind: on, bucket };
  if (on === "object" && object !== undefined) return { kind: on, bucket, object };
  if (on === "objects") return { kind: on, bucket, prefix: queryOf(context).get("prefix") ?? "" };
  throw new Error(`the path names no ${on}`);
}

/** The answer to callers who may not: those who could bring other credentials are asked for them. */
function refusal(
  deps: DoorDeps,
  context: RequestContext,
  needs: Need,
  identity: Identity,
): RegistryError {
  if (identity.principal.kind === "anonymous") return unauthorized(deps, context, needs, null);
  if (identity.scopes !== null) return unauthorized(deps, context, needs, "insufficient_scope");
  return new RegistryError("DENIED");
}

/** @param reason of RFC 6750, 3.1, or the refusal itself where there is more to say. */
function unauthorized(
  { names: { url } }: DoorDeps,
  context: RequestContext,
  needs: Need,
  reason: Reason,
): AnswerError {
  const isText = typeof reason === "string";
  const refusal = reason === null || isText ? new RegistryError("UNAUTHORIZED") : reason;
  const error = isText ? reason : null;
  return new AnswerError(refusal, {
    "www-authenticate": challengeOf(context, { needs, url, error }),
  });
}

/** For what only the body names. @throws RegistryError UNAUTHORIZED, DENIED */
export function assertMay(context: RequestContext, action: Action, resource: Resource): void {
  if (!context.rights.may(action, resource)) throw context.refuse();
}

/** What content may be linked from: what the caller may read. */
export function linkRights({ rights }: Pick<RequestContext, "rights">): LinkRights {
  return {
    mayPull: (repository) => rights.may("pull", { kind: "repository", repository }),
    mayRead: (bucket, object) =>
      rights.may(
        "pull",
        object === null
          ? { kind: "objects", bucket, prefix: "" }
          : { kind: "object", bucket, object },
      ),
  };
}

type Judged = Pick<RequestContext, "rights" | "subject">;

/** The condition of a put, for callers who may create objects and perhaps replace none. */
export function replacing({ rights, subject }: Judged, allows: Precondition): Precondition {
  if (rights === everything || (subject !== null && rights.may("overwrite", subject)))
    return allows;
  return (current) => {
    if (current !== null) {
      throw new RegistryError("DENIED", {
        message: "the object exists: replacing it needs the right to overwrite",
      });
    }
    return allows(current);
  };
}

/** What may be seen of a list; null for all of it. */
export function visibleTo({ rights }: Pick<Judged, "rights">): ((on: Resource) => boolean) | null {
  return rights === everything ? null : (resource) => rights.may("pull", resource);
}

/** What the token of a job said of it; null for everybody else. */
export function originOf(principal: Principal): JobOrigin | null {
  return principal.kind === "workload" ? principal.origin : null;
}
