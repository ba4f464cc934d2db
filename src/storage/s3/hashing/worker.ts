// Entry point of a worker that hashes bytes in shared memory.
import { HashJobs } from "./jobs.ts";
import type { HashReport, HashRequest } from "./protocol.ts";

declare const self: Worker;

const jobs = new HashJobs((report: HashReport) => self.postMessage(report));
self.onmessage = ({ data }: MessageEvent<HashRequest>) => jobs.take(data);
