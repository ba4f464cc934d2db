// Entry point of a hashing worker: opens the staged bytes itself and follows them while the server appends.
import { openStagedFilesBlocking } from "../../storage/stagedFiles.ts";
import { StagedFollower } from "./follower.ts";
import type { HashReport, HashRequest } from "./protocol.ts";

declare const self: Worker;

let follower: StagedFollower | null = null;
const report = (message: HashReport): void => self.postMessage(message);

self.onmessage = ({ data }: MessageEvent<HashRequest>) => {
  if (data.kind === "open") {
    follower = new StagedFollower(openStagedFilesBlocking(data.directory), report);
    return;
  }
  follower?.take(data);
};
