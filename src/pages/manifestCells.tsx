// Cells that lists of manifests share: what something is, for which platforms, and who pushed it.
import type { ImageKind } from "../images/kinds.ts";
import type { ManifestEntry } from "../images/tags.ts";
import type { StoredPush } from "../metadata/history.ts";
import { Ago, Badge } from "./parts.tsx";

const kinds: Readonly<Record<ImageKind, string>> = {
  image: "image",
  index: "multi-platform image",
  helm: "Helm chart",
  signature: "signature",
  sbom: "SBOM",
  attestation: "attestation",
  model: "model",
  artifact: "artifact",
};

/** What something is, as a badge; nothing for images, which most are. */
export function Kind({ kind }: { readonly kind: ImageKind }) {
  if (kind === "image" || kind === "index") return null;
  return <Badge tone="accent">{kinds[kind]}</Badge>;
}

/** What something is, in words. */
export const kindText = (kind: ImageKind): string => kinds[kind];

/** Platforms that are named in a list. */
const mostPlatforms = 3;

/** Nearly all are for Linux. */
const shortPlatform = (platform: string): string => platform.replace(/^linux\//, "");

/** Platforms, or what it is instead. */
export function Platforms({
  entry,
}: {
  readonly entry: Pick<ManifestEntry, "kind" | "platforms">;
}) {
  const { kind, platforms } = entry;
  if (platforms.length === 0) return <Kind kind={kind} />;
  const rest = platforms.length - mostPlatforms;
  return (
    <span title={platforms.join(", ")}>
      {platforms.slice(0, mostPlatforms).map(shortPlatform).join(", ")}
      {rest > 0 ? ` and ${rest} more` : ""}
    </span>
  );
}

/** As people are named: `ann` for a user, `token:ci` for others. */
export const personOf = (who: string): string => (who.startsWith("user:") ? who.slice(5) : who);

/** A push that tells who it was. */
export interface Pushed {
  readonly pushedAt: number;
  /** null where nobody had to log in, and for visitors who may not know it. */
  readonly pushedBy: string | null;
  readonly push: Pick<StoredPush, "origin"> | null;
}

/** When, by whom, and from which commit. */
export function PushCell({ pushed, now }: { readonly pushed: Pushed; readonly now: number }) {
  const { pushedAt, pushedBy, push } = pushed;
  const origin = push?.origin ?? null;
  return (
    <>
      <Ago time={pushedAt} now={now} />
      {origin === null ? (
        pushedBy === null ? null : (
          <span class="muted wide"> by {personOf(pushedBy)}</span>
        )
      ) : (
        <span class="muted wide">
          {" "}
          from {origin.repository ?? origin.issuer}
          {origin.commit === null ? null : (
            <>
              {" "}
              <code title={origin.commit}>{origin.commit.slice(0, 7)}</code>
            </>
          )}
        </span>
      )}
    </>
  );
}
