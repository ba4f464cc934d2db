// The upload sessions' half of the port.
import type { RepositoryName } from "../../model/names.ts";
import type { UploadId } from "../../model/uploadId.ts";
import type {
  Advance,
  ClaimOutcome,
  UploadFinish,
  UploadFinishOutcome,
  UploadSweepMetadata,
  UploadsMetadata,
} from "../metadata.ts";
import { noUploads } from "../uploadPage.ts";
import type { Claiming } from "./claims.ts";
import { keepContent } from "./contentRow.ts";
import { link, raiseLease } from "./links.ts";
import { stillHolds } from "./locks.ts";
import { lowerAll } from "./lowering.ts";
import type { Body, Rows, Tx } from "./rows.ts";
import * as statements from "./uploadStatements.ts";

/** Builds the sessions' half of the port. */
export function uploadsMetadata(rows: Rows): UploadsMetadata {
  return {
    ...claims(rows),
    startUpload(session, owner, startedBy = null) {
      // Who writes in the request that starts it hears of the end only.
      return owner === null
        ? rows.runAnswered(statements.insert, { ...session, owner, startedBy, lease: null })
        : rows.runLazily(statements.insert, {
            ...{ ...session, owner, startedBy },
            lease: rows.claimLease,
          });
    },
    findUpload: (id, repository) => rows.findSettled(statements.find, { id, repository }),
    advanceUpload: (id, owner, to) =>
      rows.write(
        (tx) => advanceUpload(tx, { id, owner }, to),
        (advanced) => advanced,
      ),
    listBoundaries: (id) => rows.list(statements.boundaries, { id }),
    finishUpload: (finish) =>
      rows.write(
        (tx) => finishUpload(tx, finish),
        ({ kind }) => kind === "finished",
      ),
    findFinished: (id, repository, since) =>
      rows.findSettled(statements.finished, { id, repository, since }),
    removeUpload: (id, repository) =>
      repository === null
        ? rows.change(statements.removeAny, { id })
        : rows.change(statements.remove, { id, repository }),
  };
}

/** Builds the port's part for the sessions of all repositories. */
export function uploadSweepMetadata(rows: Rows): UploadSweepMetadata {
  return {
    countUploads: async ({ after, limit }) =>
      (await rows.find(statements.total, { after: after ?? "", limit })) ?? noUploads,
    lowerTimes: async (now) => {
      await lowerAll(rows, statements.lowerTimes, now);
      await lowerAll(rows, statements.lowerFinished, now);
    },
    expireUploads: ({ hold = null, ...expiry }) =>
      rows.write(
        function* (tx) {
          if (hold !== null && !(yield* stillHolds(tx, hold))) return [];
          return yield* tx.all(statements.expire, expiry);
        },
        (expired) => expired.length > 0,
      ),
    forgetFinished: (before) => rows.runLazily(statements.forgetFinished, { before }),
    async listUploads({ after, limit }) {
      const found = await rows.list(statements.list, { after: after ?? "", limit });
      return found.map(({ claimOwner, ...session }) => ({
        ...session,
        writing: claimOwner !== null,
      }));
    },
  };
}

function claims(rows: Rows): Pick<UploadsMetadata, "claimUpload" | "renewClaim" | "releaseUpload"> {
  return {
    claimUpload: (id, repository, owner) =>
      rows.writeLazily((tx) => claimUpload(tx, { id, repository, owner, lease: rows.claimLease })),
    renewClaim: async (id, owner, now) =>
      (await rows.changeLazily(statements.renew, { id, owner, now, lease: rows.claimLease })) !==
      null,
    releaseUpload: (id, owner) => rows.runLazily(statements.release, { id, owner }),
  };
}

interface Claim extends Claiming {
  readonly id: UploadId;
  readonly repository: RepositoryName;
}

/** Makes the owner the one writer, if nobody else is. */
function* claimUpload(tx: Tx, claim: Claim): Body<ClaimOutcome> {
  const session = yield* tx.get(statements.claim, claim);
  if (session !== undefined) return { kind: "claimed", session };
  const known = (yield* tx.get(statements.find, claim)) !== undefined;
  return { kind: known ? "busy" : "unknown" };
}

/** Compare-and-set of the offset by the claim's owner. @returns false when the claim was lost. */
function* advanceUpload(
  tx: Tx,
  owned: Pick<Claim, "id" | "owner">,
  { prefix, ...to }: Advance,
): Body<boolean> {
  if ((yield* tx.get(statements.advance, { ...owned, ...to })) === undefined) return false;
  const { id } = owned;
  if (prefix !== null) tx.run(statements.addBoundary, { id, offset: to.offset, digest: prefix });
  return true;
}

/** Content, link, lease and the end of the session, or nothing. */
export function* finishUpload(tx: Tx, finish: UploadFinish): Body<UploadFinishOutcome> {
  const { session, repository, digest, size, now, keptUntil } = finish;
  const owned =
    session === null ? null : yield* tx.get(statements.findOwned, { ...session, repository });
  if (owned === undefined) return { kind: "sessionGone" };
  const locator = yield* keepContent(tx, finish);
  if (locator === null) return { kind: "contentGone" };
  tx.run(raiseLease, { digest, keptUntil });
  const startedAt = owned?.startedAt ?? now;
  // Nine tenths left are enough, so that it need not be written for each upload.
  const enough = keptUntil - Math.floor((keptUntil - now) / 10);
  tx.run(statements.notePush, { repository, now, startedAt, keptUntil, enough });
  tx.run(link, { repository, digest, now });
  if (session !== null) {
    const { id } = session;
    tx.run(statements.end, { id });
    tx.run(statements.remember, { id, repository, digest, size, now });
  }
  return { kind: "finished", locator };
}
