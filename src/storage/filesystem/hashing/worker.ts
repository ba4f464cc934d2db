// Entry point of a hashing worker: opens the staged bytes itself and follows them while the server appends.

import { Pulse } from "../../../workers/pulse.ts";
import { openStagedFilesBlocking } from "../stagedFiles.ts";
import { StagedFollower } from "./follower.ts";
import type { HashReport, HashRequest } from "./protocol.ts";

declare const self: Worker;

let follower: StagedFollower | null = null;
const report = (message: HashReport): void => self.postMessage(message);

self.onmessage = ({ data }: MessageEvent<HashRequest>) => {
  if (data.kind === "open") {
    const pulse = new Pulse(data.pulse);
    pulse.begin();
    follower = new StagedFollower(openStagedFilesBlocking(data.directory, pulse), report);
    return;
  }
  follower?.take(data);
};
