import { describe, expect, test } from "bun:test";
import { type MetricSources, Metrics } from "../../src/telemetry/metrics.ts";

const sources: MetricSources = {
  countUploads: async () => ({ sessions: 2, bytes: 300 }),
  countMultipart: async () => ({ uploads: 1, bytes: 20 }),
  isReadOnly: () => false,
  isOpen: async () => false,
  gcRuns: { lastSuccess: async () => null, findRefusals: async () => null, isRunning: false },
};

const own = async (metrics: Metrics): Promise<string[]> =>
  (await metrics.text()).text.split("\n").filter((line) => line.startsWith("breadbox_"));

describe("metrics", () => {
  test("compute gauges when they are read", async () => {
    let running = 1;
    let readOnly = false;
    const metrics = new Metrics({ ...sources, isReadOnly: () => readOnly });
    metrics.watchRunning(() => running);
    expect(await own(metrics)).toContain("breadbox_http_requests_running 1");

    running = 7;
    readOnly = true;
    const lines = await own(metrics);
    expect(lines).toContain("breadbox_http_requests_running 7");
    expect(lines).toContain("breadbox_read_only 1");
    expect(lines).toContain("breadbox_upload_sessions 2");
    expect(lines).toContain("breadbox_upload_staged_bytes 300");
  });

  test("report a gauge as Nan when its database query fails, and the others as usual", async () => {
    const countUploads = () => Promise.reject(new Error("SQLITE_BUSY"));
    const metrics = new Metrics({ ...sources, countUploads });
    metrics.pushed();

    const lines = await own(metrics);
    expect(lines).toContain("breadbox_upload_sessions Nan");
    expect(lines).toContain("breadbox_pushes_total 1");
  });

  test("count requests by operation and status", async () => {
    const metrics = new Metrics(sources);
    metrics.requestEnded("getBlob", 200, 0.002);
    metrics.requestEnded("getBlob", 200, 2);
    metrics.requestEnded("getBlob", 404, 0.0001);

    const lines = await own(metrics);
    for (const line of [
      'breadbox_http_requests_total{operation="getBlob",status="200"} 2',
      'breadbox_http_requests_total{operation="getBlob",status="404"} 1',
      'breadbox_http_request_duration_seconds_bucket{le="0.005",operation="getBlob"} 2',
      'breadbox_http_request_duration_seconds_count{operation="getBlob"} 3',
    ]) {
      expect(lines).toContain(line);
    }
  });

  test("include those of the process", async () => {
    const { contentType, text } = await new Metrics(sources).text();
    expect(contentType).toStartWith("text/plain");
    expect(text).toContain("process_resident_memory_bytes");
  });
});
