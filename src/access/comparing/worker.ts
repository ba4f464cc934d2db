// Entry point of a worker that compares passwords: a core's work for tens of milliseconds each time, which requests must not feel.
import { giveWay } from "../../ambient.ts";
import type { CompareReport, CompareRequest } from "./protocol.ts";

declare const self: Worker;

giveWay();

self.onmessage = ({ data }: MessageEvent<CompareRequest>) => {
  self.postMessage(report(data));
};

function report({ password, hash }: CompareRequest): CompareReport {
  try {
    return { kind: "compared", isRight: Bun.password.verifySync(password, hash) };
  } catch (error) {
    return { kind: "failed", message: String(error) };
  }
}
