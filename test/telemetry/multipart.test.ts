// The metrics of uploads in parts, by the names that were promised.
import { describe, expect, test } from "bun:test";
import { Registry } from "prom-client";
import { MultipartMetrics } from "../../src/telemetry/multipart.ts";

function open(countMultipart = async () => ({ uploads: 3, bytes: 4096 })) {
  const registry = new Registry();
  const metrics = new MultipartMetrics(registry, { countMultipart });
  return { metrics, samples: async () => (await registry.metrics()).split("\n") };
}

const counters = [
  "multipart_upload_initiated_total",
  "multipart_part_uploaded_total",
  "multipart_upload_completed_total",
  "multipart_upload_aborted_total",
  "multipart_upload_expired_total",
];

describe("metrics of multipart uploads", () => {
  test("exist from the start, with 0", async () => {
    const samples = await open().samples();

    for (const name of counters) expect(samples).toContain(`${name} 0`);
  });

  test("count outcomes and durations", async () => {
    const { metrics, samples } = open();
    metrics.initiated();
    metrics.partStored(0.02);
    metrics.partStored(3);
    metrics.completed(0.4);
    metrics.aborted();
    metrics.expired(7);
    metrics.swept(0.05);

    expect(await samples()).toEqual(
      expect.arrayContaining([
        "multipart_upload_initiated_total 1",
        "multipart_part_uploaded_total 2",
        "multipart_upload_completed_total 1",
        "multipart_upload_aborted_total 1",
        "multipart_upload_expired_total 7",
        'multipart_part_upload_duration_seconds_bucket{le="0.025"} 1',
        "multipart_part_upload_duration_seconds_count 2",
        "multipart_upload_completion_duration_seconds_sum 0.4",
        "multipart_sweep_duration_seconds_sum 0.05",
      ]),
    );
  });

  test("count active uploads when they are read", async () => {
    const samples = await open().samples();

    expect(samples).toContain("multipart_uploads_in_progress 3");
    expect(samples).toContain("multipart_temp_bytes 4096");
  });

  test("report active uploads as unknown while the database fails", async () => {
    const samples = await open(() => Promise.reject(new Error("SQLITE_BUSY"))).samples();

    expect(samples).toContain("multipart_uploads_in_progress Nan");
    expect(samples).toContain("multipart_upload_initiated_total 0");
  });
});
