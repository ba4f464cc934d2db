// What every implementation of the metadata port promises. Callers pass an `open` that returns an empty database.
import { afterEach, describe, expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/metadata.ts";
import { accessContract } from "./metadataAccess.ts";
import { auditContract } from "./metadataAudit.ts";
import { backupsContract } from "./metadataBackups.ts";
import { browserSessionsContract } from "./metadataBrowserSessions.ts";
import { bucketsContract } from "./metadataBuckets.ts";
import { checksContract } from "./metadataChecks.ts";
import { chunksContract } from "./metadataChunks.ts";
import { collectionContract } from "./metadataCollection.ts";
import { endingsContract } from "./metadataEndings.ts";
import { gcRunsContract } from "./metadataGcRuns.ts";
import { imagesContract } from "./metadataImages.ts";
import { inspectionContract } from "./metadataInspection.ts";
import { inspectionRowsContract } from "./metadataInspectionRows.ts";
import { intakeContract } from "./metadataIntake.ts";
import { listsContract } from "./metadataLists.ts";
import { lockedTagsContract } from "./metadataLockedTags.ts";
import { manifestsContract } from "./metadataManifests.ts";
import { mountsContract } from "./metadataMounts.ts";
import { multipartContract } from "./metadataMultipart.ts";
import { multipartClaimsContract } from "./metadataMultipartClaims.ts";
import { multipartEndingsContract } from "./metadataMultipartEndings.ts";
import { objectLinksContract } from "./metadataObjectLinks.ts";
import { objectListsContract } from "./metadataObjectLists.ts";
import { objectsContract } from "./metadataObjects.ts";
import { objectsKeepContract } from "./metadataObjectsKeep.ts";
import { pullsContract } from "./metadataPulls.ts";
import { referrersContract } from "./metadataReferrers.ts";
import { removalsContract } from "./metadataRemovals.ts";
import type { OpenedMetadata } from "./metadataRows.ts";
import { sessionsContract } from "./metadataSessions.ts";
import { sweepContract } from "./metadataSweep.ts";
import { trustContract } from "./metadataTrust.ts";
import { untaggedContract } from "./metadataUntagged.ts";
import { uploadsContract } from "./metadataUploads.ts";
import { usageContract } from "./metadataUsage.ts";
import { webhooksContract } from "./metadataWebhooks.ts";

/** The suite. @param parts how many an upload gets, one transaction each. */
export function metadataContract(
  name: string,
  open: () => Promise<OpenedMetadata>,
  parts = 10_000,
): void {
  describe(`metadata: ${name}`, () => {
    const opened: OpenedMetadata[] = [];
    const openEmpty = async (): Promise<Metadata> => {
      const database = await open();
      opened.push(database);
      return database.metadata;
    };

    afterEach(async () => {
      for (const database of opened.splice(0)) await database.remove();
    });

    accessContract(openEmpty);
    auditContract(openEmpty);
    webhooksContract(openEmpty);
    trustContract(openEmpty);
    browserSessionsContract(openEmpty);
    sessionsContract(openEmpty);
    chunksContract(openEmpty);
    endingsContract(openEmpty);
    sweepContract(openEmpty);
    uploadsContract(openEmpty);
    manifestsContract(openEmpty);
    listsContract(openEmpty);
    collectionContract(openEmpty);
    usageContract(openEmpty);
    imagesContract(openEmpty);
    pullsContract(openEmpty);
    intakeContract(openEmpty);
    objectsKeepContract(openEmpty);
    referrersContract(openEmpty);
    lockedTagsContract(openEmpty);
    inspectionContract(openEmpty);
    inspectionRowsContract(openEmpty);
    removalsContract(openEmpty);
    mountsContract(openEmpty);
    gcRunsContract(openEmpty);
    checksContract(openEmpty);
    backupsContract(openEmpty);
    untaggedContract(openEmpty);
    bucketsContract(openEmpty);
    objectsContract(openEmpty);
    objectLinksContract(openEmpty);
    objectListsContract(openEmpty);
    multipartContract(openEmpty, parts);
    multipartClaimsContract(openEmpty);
    multipartEndingsContract(openEmpty);

    test("a new database is readable", async () => {
      const metadata = await openEmpty();

      expect(await metadata.check()).toBeUndefined();
    });
  });
}
