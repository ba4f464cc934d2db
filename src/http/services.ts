// The dependencies of operations: the domain rooms, opened and wired, and the options of this API.
import type { Access } from "../access/access.ts";
import type { BrowserSessions } from "../access/browserSessions.ts";
import type { Setup } from "../access/setup.ts";
import type { WriteLatch } from "../durability/writeLatch.ts";
import type { Checks } from "../fsck/checks.ts";
import type { WhyDeps } from "../fsck/why.ts";
import type { GcRuns } from "../gc/runs.ts";
import type { ImagesDeps } from "../images/deps.ts";
import type { StatusDeps } from "../images/status.ts";
import type { AuditMetadata } from "../metadata/audit.ts";
import type { UploadId } from "../model/uploadId.ts";
import type { ObjectsDeps } from "../objects/deps.ts";
import type { RegistryDeps } from "../registry/manifests.ts";
import type { PullBook } from "../registry/pulls.ts";
import type { Telemetry } from "../telemetry/metrics.ts";
import type { OperateDeps } from "../uploads/operate.ts";
import type { UploadsDeps } from "../uploads/uploads.ts";
import type { HookDeps } from "../webhooks/operate.ts";
import type { OwnNames } from "./audiences.ts";
import type { Pace } from "./body.ts";
import type { Explorer } from "./docs/explorer.ts";
import type { LiveFeed } from "./liveFeed.ts";
import type { RedirectRule } from "./redirects.ts";
import type { Management } from "./v1/accounts.ts";

/** Everything behind the API, opened and wired. */
export interface Backend {
  readonly access: Access;
  readonly sessions: BrowserSessions;
  /** Users, tokens and rules, to be changed. */
  readonly management: Management;
  readonly registry: RegistryDeps;
  readonly images: ImagesDeps;
  /** Hears of each pull. */
  readonly pulls: Pick<PullBook, "note">;
  readonly status: Omit<StatusDeps, "unfinished" | "book">;
  readonly uploads: UploadsDeps;
  readonly objects: ObjectsDeps;
  /** Upload sessions as operators see them. */
  readonly operate: OperateDeps;
  /** Upload sessions without a byte for so long end; ms. */
  readonly uploadTimeoutMs: number;
  readonly audit: Pick<AuditMetadata, "listEntries">;
  /** For questions about what keeps content. */
  readonly why: WhyDeps;
  readonly gcRuns: Pick<GcRuns, "request" | "find" | "list" | "findRefusals">;
  readonly checks: Pick<Checks, "request" | "find" | "list" | "listCurrent" | "findStanding">;
  readonly webhooks: HookDeps;
  readonly telemetry: Telemetry;
  readonly latch: Pick<WriteLatch, "assertWritable">;
  /** Resolves when rows can be read and the store takes writes. @throws what prevents it. */
  readonly ready: () => Promise<void>;
}

/** Which parts of the API are served, and its limits. */
export interface ApiOptions {
  /** Largest body of one request in bytes; 0 for no limit. */
  readonly maxBodyBytes: number;
  /** Minimum chunk size that is advertised to clients, in bytes; 0 for none. */
  readonly chunkMinBytes: number;
  /** Slower bodies are cut. */
  readonly pace: Pace;
  /** Serves `/metrics`. */
  readonly metrics: boolean;
  /** Serves `/swagger`. */
  readonly explorer: boolean;
  /** The CA that signed this server's certificate, as PEM, which `/ca.crt` serves; null when it is no CA of its own. */
  readonly authority: string | null;
  /** What ID tokens for this server may be for. */
  readonly names: OwnNames;
  /** Makes the first administrator; null where nobody was given a set-up link. */
  readonly setup: Pick<Setup, "assertOpen" | "finish"> | null;
  /** Bytes that running requests of this server have received, by upload session. */
  readonly arriving: () => ReadonlyMap<UploadId, number>;
  /** True once the server has begun to stop. */
  readonly isDraining: () => boolean;
  /** Which pulls are sent to the store itself, where it has URLs. */
  readonly redirects: RedirectRule;
  /** True: nothing can be pushed or deleted. */
  readonly readOnly: boolean;
}

/** The argument of each operation's handler. */
export interface Services extends Backend, Omit<ApiOptions, "metrics" | "explorer"> {
  /** The explorer's files, made at the first call. */
  readonly explorer: () => Promise<Explorer>;
  /** True when they are served. */
  readonly hasExplorer: boolean;
  /** What open pages listen to. */
  readonly feed: LiveFeed;
}
