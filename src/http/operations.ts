// Every operation of the API, in the order of the explorer. Each is written in the file of its resource.
import { baseOperations } from "./oci/base.ts";
import { blobOperations } from "./oci/blobs.ts";
import { chunkOperations } from "./oci/chunks.ts";
import { listOperations } from "./oci/lists.ts";
import { manifestOperations } from "./oci/manifests.ts";
import { referrerOperations } from "./oci/referrers.ts";
import { tokenOperations } from "./oci/token.ts";
import { uploadOperations } from "./oci/uploads.ts";
import type { Operation } from "./operation.ts";
import { authorityOperations } from "./ops/authority.ts";
import { docsOperations } from "./ops/docs.ts";
import { healthOperations } from "./ops/health.ts";
import { metricsOperations } from "./ops/metrics.ts";
import { sessionOperations } from "./ops/session.ts";
import { setupOperations } from "./ops/setup.ts";
import { accessPages } from "./pages/access/pages.ts";
import { accountPages } from "./pages/account.ts";
import { assetOperations } from "./pages/assets.ts";
import { bucketPages } from "./pages/buckets.ts";
import { comparisonPageOperations } from "./pages/comparison.ts";
import { deletionPageOperations } from "./pages/deletion.ts";
import { homeOperations } from "./pages/home.ts";
import { imagePageOperations } from "./pages/image.ts";
import { repositoriesOperations } from "./pages/repositories.ts";
import { repositoryPageOperations } from "./pages/repository.ts";
import { checkPages } from "./pages/server/checks.ts";
import { garbagePages } from "./pages/server/garbage.ts";
import { uploadPages } from "./pages/server/uploads.ts";
import { themeOperations } from "./pages/theme.ts";
import { routesOf } from "./router.ts";
import { accountOperations } from "./v1/account.ts";
import { auditOperations } from "./v1/audit.ts";
import { bucketOperations } from "./v1/buckets.ts";
import { checkOperations } from "./v1/checks.ts";
import { completionOperations } from "./v1/completion.ts";
import { deletionOperations } from "./v1/deletions.ts";
import { eventOperations } from "./v1/events.ts";
import { gcOperations } from "./v1/gc.ts";
import { historyOperations } from "./v1/history.ts";
import { multipartOperations } from "./v1/multipart.ts";
import { objectOperations } from "./v1/objects.ts";
import { openPartsOperations } from "./v1/openParts.ts";
import { partOperations } from "./v1/parts.ts";
import { putObjectOperations } from "./v1/putObject.ts";
import { repositoryOperations } from "./v1/repositories.ts";
import { ruleOperations } from "./v1/rules.ts";
import { statusOperations } from "./v1/status.ts";
import { accessTokenOperations } from "./v1/tokens.ts";
import { trustOperations } from "./v1/trust.ts";
import { openUploadOperations } from "./v1/uploads.ts";
import { userOperations } from "./v1/users.ts";
import { webhookOperations } from "./v1/webhooks.ts";
import { whyOperations } from "./v1/why.ts";

/** All of them, HEAD included. */
export const operations: readonly Operation[] = [
  ...baseOperations,
  ...tokenOperations,
  ...listOperations,
  ...manifestOperations,
  ...referrerOperations,
  ...repositoryOperations,
  ...historyOperations,
  ...deletionOperations,
  ...blobOperations,
  ...uploadOperations,
  ...chunkOperations,
  ...bucketOperations,
  ...objectOperations,
  ...putObjectOperations,
  ...multipartOperations,
  ...partOperations,
  ...completionOperations,
  ...accountOperations,
  ...userOperations,
  ...accessTokenOperations,
  ...ruleOperations,
  ...trustOperations,
  ...gcOperations,
  ...checkOperations,
  ...statusOperations,
  ...whyOperations,
  ...auditOperations,
  ...webhookOperations,
  ...openUploadOperations,
  ...openPartsOperations,
  ...eventOperations,
  ...healthOperations,
  ...metricsOperations,
  ...authorityOperations,
  ...setupOperations,
  ...sessionOperations,
  ...docsOperations,
  ...homeOperations,
  ...repositoriesOperations,
  ...repositoryPageOperations,
  ...imagePageOperations,
  ...comparisonPageOperations,
  ...deletionPageOperations,
  ...themeOperations,
  ...accessPages,
  ...accountPages,
  ...bucketPages,
  ...uploadPages,
  ...garbagePages,
  ...checkPages,
  ...assetOperations,
];

/** By path. */
export const routes = routesOf(operations);
