// The storage contract, and sessions of many parts, on radosgw.
import { storageContract } from "../../contract/storage.ts";
import { radosgwNeeds, startRadosgw } from "../../support/radosgw.ts";
import { onServer } from "../../support/s3Server.ts";
import { contentsSuite } from "./contentsSuite.ts";
import { sessionsSuite } from "./sessions.ts";
import { newPrefix, openReplica } from "./stores.ts";

await onServer("radosgw", radosgwNeeds, startRadosgw, ({ bucket }) => {
  storageContract(
    "S3 (radosgw)",
    async () => ({ storage: await openReplica(bucket, newPrefix()), remove: async () => {} }),
    { follows: false, listsAll: false },
  );
  sessionsSuite("radosgw", bucket);
  contentsSuite("radosgw", bucket);
});
