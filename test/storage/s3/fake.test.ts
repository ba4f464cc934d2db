// The storage contract, and sessions of many parts, on the strict server of the tests: wherever no real one is installed.
import { afterAll } from "bun:test";
import { storageContract } from "../../contract/storage.ts";
import { FakeS3 } from "../../support/fakeS3.ts";
import { contentsSuite } from "./contentsSuite.ts";
import { sessionsSuite } from "./sessions.ts";
import { newPrefix, openReplica } from "./stores.ts";

const plain = new FakeS3();
const strict = new FakeS3({ wantsAllParts: true });
afterAll(() => Promise.all([plain.stop(), strict.stop()]));

storageContract(
  "S3 (strict server)",
  async () => ({ storage: await openReplica(plain.bucket, newPrefix()), remove: async () => {} }),
  { follows: false, listsAll: false },
);
sessionsSuite("strict server", plain.bucket);
contentsSuite("strict server", plain.bucket);
sessionsSuite("strict server that wants all parts", strict.bucket);
contentsSuite("strict server that wants all parts", strict.bucket);
