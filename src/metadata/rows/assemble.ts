// The whole port over one database, whichever it is.
import type { CollectionMetadata } from "../collection.ts";
import type { InspectionMetadata } from "../inspection.ts";
import type { Metadata } from "../metadata.ts";
import { accessMetadata, accessState, accountsMetadata } from "./access.ts";
import { auditMetadata } from "./audit.ts";
import { backupsMetadata } from "./backups.ts";
import { browserSessionsMetadata } from "./browserSessions.ts";
import { checksMetadata } from "./checks.ts";
import { clockMetadata } from "./clock.ts";
import { collectionMetadata } from "./collection.ts";
import { contentsMetadata } from "./contents.ts";
import { gcRunsMetadata } from "./gcRuns.ts";
import { historyMetadata } from "./history.ts";
import { imageSumsMetadata } from "./imageSums.ts";
import { imagesMetadata } from "./images.ts";
import { inspectionMetadata } from "./inspection.ts";
import { manifestInspection } from "./inspectionManifests.ts";
import { objectInspection } from "./inspectionObjects.ts";
import { intakeMetadata } from "./intake.ts";
import { locksMetadata } from "./locks.ts";
import { multipartLifeMetadata, multipartMetadata } from "./multipart.ts";
import { objectsMetadata } from "./objects.ts";
import { registryMetadata } from "./registry.ts";
import type { Rows } from "./rows.ts";
import { store } from "./schema.ts";
import { statement } from "./statement.ts";
import { trustMetadata } from "./trust.ts";
import { untaggedMetadata } from "./untagged.ts";
import { uploadSweepMetadata, uploadsMetadata } from "./uploads.ts";
import { usageMetadata } from "./usage.ts";
import { webhooksMetadata } from "./webhooks.ts";

/** What is different for each database: it is about its pages and indexes. */
export interface OwnChecks {
  /** The first digest that is none, or index that lacks entries, in words; null when there is none. */
  readonly findMalformed: CollectionMetadata["findContradiction"];
  readonly checkDatabase: InspectionMetadata["checkDatabase"];
}

const anyStore = statement((db) => db.select({ id: store.id }).from(store).limit(1));

/** Builds the port. */
export function assemble(rows: Rows, own: OwnChecks): Omit<Metadata, "close"> {
  const state = accessState(rows);
  return {
    registry: registryMetadata(rows),
    history: historyMetadata(rows),
    images: imagesMetadata(rows),
    imageSums: imageSumsMetadata(rows),
    access: accessMetadata(rows, state),
    accounts: accountsMetadata(rows, state),
    audit: auditMetadata(rows),
    webhooks: webhooksMetadata(rows),
    trust: trustMetadata(rows, state),
    browserSessions: browserSessionsMetadata(rows),
    contents: contentsMetadata(rows),
    uploads: uploadsMetadata(rows),
    uploadSweep: uploadSweepMetadata(rows),
    intake: intakeMetadata(rows),
    objects: objectsMetadata(rows),
    multipart: multipartMetadata(rows),
    multipartLife: multipartLifeMetadata(rows),
    locks: locksMetadata(rows),
    clock: clockMetadata(rows),
    gcRuns: gcRunsMetadata(rows),
    checks: checksMetadata(rows),
    backups: backupsMetadata(rows),
    untagged: untaggedMetadata(rows),
    usage: usageMetadata(rows),
    collection: collectionMetadata(rows, own.findMalformed),
    inspection: inspectionMetadata(rows, own.checkDatabase),
    manifestInspection: manifestInspection(rows),
    objectInspection: objectInspection(rows),
    async check() {
      if ((await rows.find(anyStore, {})) === null) throw new Error("the database has lost its id");
    },
  };
}
