// The storage contract, and sessions of many parts, on versitygw.
import { storageContract } from "../../contract/storage.ts";
import { versitygw } from "../../support/goPrograms.ts";
import { goToolNeeds } from "../../support/goTools.ts";
import { onServer } from "../../support/s3Server.ts";
import { startVersitygw } from "../../support/versitygw.ts";
import { contentsSuite } from "./contentsSuite.ts";
import { sessionsSuite } from "./sessions.ts";
import { newPrefix, openReplica } from "./stores.ts";

await onServer("versitygw", goToolNeeds(versitygw), startVersitygw, ({ bucket }) => {
  storageContract(
    "S3 (versitygw)",
    async () => ({ storage: await openReplica(bucket, newPrefix()), remove: async () => {} }),
    { follows: false, listsAll: false },
  );
  sessionsSuite("versitygw", bucket);
  contentsSuite("versitygw", bucket);
});
