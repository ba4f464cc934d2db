// Settings → the access of a server: its users, its keys, and what its operator should hear of an open door.

import { Access } from "./access/access.ts";
import { BrowserSessions } from "./access/browserSessions.ts";
import { Comparers } from "./access/comparing/comparers.ts";
import { addFirstUser, firstUserName } from "./access/firstUser.ts";
import { HtpasswdFile } from "./access/htpasswdFile.ts";
import { LoginTrail } from "./access/loginTrail.ts";
import type { ManageDeps } from "./access/manage.ts";
import type { TrustDeps } from "./access/manageTrust.ts";
import { Setup } from "./access/setup.ts";
import type { WorkloadEvent } from "./access/workloads.ts";
import { newId } from "./ambient.ts";
import { isLoopback } from "./config/listen.ts";
import type { Config } from "./config/settings.ts";
import type { Metadata } from "./metadata/metadata.ts";
import { logLogin } from "./telemetry/events.ts";
import type { Log } from "./telemetry/log.ts";

/** @returns null without a file of users. */
export function openHtpasswd(
  config: Config,
  onNotice: (sentence: string) => void,
): HtpasswdFile | null {
  const path = config["auth.htpasswd"];
  if (path === "") return null;
  const now = () => performance.now();
  return new HtpasswdFile({ path, rights: config["auth.htpasswdRights"], onNotice, now });
}

/** Passwords are compared on half of the cores: somebody who guesses at them must leave the others to requests. */
const loginsAtOnce = Math.max(1, Math.floor(navigator.hardwareConcurrency / 2));

const comparer = new URL("./access/comparing/worker.ts", import.meta.url);

/** The access of a server, and its end. */
export interface OpenedAccess {
  readonly access: Access;
  /** Logins of browsers. */
  readonly sessions: BrowserSessions;
  /** For changes of accounts. */
  readonly management: Omit<ManageDeps & TrustDeps, "by">;
  /** Resolves when its logins are written down. */
  close(): Promise<void>;
}

interface TellsTime {
  /** Unix ms; the same on all servers of a store. */
  readonly clock: () => number;
}

/** What the access of a server is made of. */
export interface AccessParts extends TellsTime {
  readonly metadata: Pick<Metadata, "access" | "accounts" | "audit" | "trust" | "browserSessions">;
  readonly log: Log;
  readonly startWorker: (entry: URL) => Worker;
}

/** Opens the access of a server. Only a store that takes no writes can keep it from starting with a new key. */
export async function openAccess(
  config: Config,
  { metadata, clock, log, startWorker }: AccessParts,
): Promise<OpenedAccess> {
  const password = config["admin.password"];
  if (password !== "" && !(await metadata.access.findState()).closed) {
    const isNew = await addFirstUser({ accounts: metadata.accounts, clock, newId }, password);
    if (isNew) log.info({ user: firstUserName }, "administrator created");
  }
  const now = () => performance.now();
  const trail = makeTrail({ audit: metadata.audit, clock }, log, now);
  const onNotice = (sentence: string) => log.warn(sentence);
  const htpasswd = openHtpasswd(config, onNotice);
  const comparers = new Comparers(() => startWorker(comparer), loginsAtOnce);
  const comparison = { most: loginsAtOnce, compare: comparers.compare.bind(comparers) };
  const access = new Access({
    metadata: metadata.access,
    trust: metadata.trust,
    mode: config["auth.mode"],
    isLoopback: isLoopback(config["http.listen"]),
    htpasswd,
    ...{ clock, now, newId, trail, comparison },
    onWorkload: (event) => logWorkload(log, event),
  });
  // A file that cannot be read is reported now, not at the first login.
  await htpasswd?.hashOf("");
  // A disk that is full, or takes no writes, keeps no server from starting.
  await renewKey(access, log);
  const timer = setInterval(() => void renewKey(access, log), lookAtKeyMs).unref();
  const close = async (): Promise<void> => {
    clearInterval(timer);
    await comparers.close();
    await trail.close();
  };
  const sessions = new BrowserSessions({ metadata: metadata.browserSessions, access, clock });
  const { accounts, trust } = metadata;
  const management = { accounts, trust, access: metadata.access, htpasswd, clock, newId };
  return { access, sessions, management, close };
}

/** How often a running server looks at the age of its key, ms. */
const lookAtKeyMs = 3_600_000;

async function renewKey(access: Access, log: Log): Promise<void> {
  try {
    const key = await access.renewKey();
    // The first one is no news.
    if (key?.isFirst !== false) return;
    log.info(
      { event: "key.rotate", key: key.id },
      "made a new key that signs tokens: the last one is old",
    );
  } catch (err) {
    log.error({ err }, "no key to sign tokens with was written");
  }
}

function makeTrail(
  { audit, clock }: Pick<Metadata, "audit"> & TellsTime,
  log: Log,
  now: () => number,
): LoginTrail {
  return new LoginTrail({
    ...{ metadata: audit, clock, now },
    onEntry: (entry) => logLogin(log, entry),
    onLost: (count, err) => log.warn({ err, count }, "logins are missing in the audit trail"),
  });
}

function logWorkload(log: Log, event: WorkloadEvent): void {
  if (event.kind === "issuer") {
    const { issuer, reason } = event;
    log.warn({ issuer, reason }, `the keys of ${issuer} were not read: ${reason}`);
    return;
  }
  const { rule, claim, id } = event;
  log.info({ rule, claim, id }, `trust rule ${rule} is bound to ${claim} ${id} from now on`);
}

/** A way to the first administrator, and the link to it without scheme and host. */
export interface OpenedSetup {
  readonly setup: Setup;
  readonly link: string;
}

/** @param onTerminal whether people see what the server prints. @returns null where nobody needs a link, or nobody is to see it. */
export async function openSetup(
  config: Config,
  {
    access,
    accounts,
    clock,
  }: { readonly access: Access; readonly accounts: Metadata["accounts"] } & TellsTime,
  onTerminal: boolean,
): Promise<OpenedSetup | null> {
  const shownOn = config["auth.setupLink"];
  const isShown = shownOn === "log" || (shownOn === "terminal" && onTerminal);
  if (!isShown || (await access.state()) !== "empty") return null;
  const now = () => performance.now();
  const { setup, secret } = Setup.begin({ access, accounts, clock, now, newId });
  return { setup, link: `/setup#${secret}` };
}
