import { describe, expect, test } from "bun:test";
import { type MetricSources, Metrics } from "../../src/telemetry/metrics.ts";

const sources: MetricSources = {
  countEvents: null,
  readSpace: async () => ({ free: 40, total: 100 }),
  countUploads: async () => ({ sessions: 2, bytes: 300 }),
  countMultipart: async () => ({ uploads: 1, bytes: 20 }),
  isReadOnly: () => false,
  isOpen: async () => false,
  checks: { countStanding: async () => 0 },
  readBackups: async () => ({
    ...{ last: null, lastCompleteAt: null, isAhead: false, isOverdue: false },
  }),
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

  test("include those of the process under the names that all programs have, and none of another runtime", async () => {
    const { contentType, text } = await new Metrics(sources).text();
    expect(contentType).toStartWith("text/plain");
    const values = [...text.matchAll(/^(process_\S+) (\S+)$/gm)];
    expect(values.filter(([, , value]) => Number(value) > 0).map(([, name]) => name)).toEqual(
      expect.arrayContaining([
        ...["process_cpu_user_seconds_total", "process_cpu_system_seconds_total"],
        ...["process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"],
        ...["process_max_fds", "process_start_time_seconds"],
      ]),
    );
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name);
    expect(names.filter((name) => !/^(?:breadbox|multipart|process)_/.test(name))).toEqual([]);
    expect(text).toMatch(/^breadbox_event_loop_delay_seconds\{percentile="99"\} \d/m);
  });

  test("count the CPU time of the process, which never goes back", async () => {
    const metrics = new Metrics(sources);
    const used = async () =>
      Number(/^process_cpu_seconds_total (\S+)$/m.exec((await metrics.text()).text)?.[1]);
    const before = await used();
    const until = process.cpuUsage().user + 20_000;
    while (process.cpuUsage().user < until) Bun.hash("work");
    const after = await used();
    expect(after - before).toBeGreaterThanOrEqual(0.02);
    const { user, system } = process.cpuUsage();
    expect(after).toBeLessThanOrEqual((user + system) / 1e6);
  });

  test("name the build, the free space, and what is stored once it was counted", async () => {
    const metrics = new Metrics(sources);
    const before = await own(metrics);
    expect(before).toContain(
      'breadbox_build_info{version="0.0.0-source",commit="none",target="source"} 1',
    );
    expect(before).toContain("breadbox_disk_free_bytes 40");
    expect(before).toContain("breadbox_disk_size_bytes 100");
    expect(before).toContain('breadbox_stored_bytes{kind="uploads"} 300');
    expect(before).toContain('breadbox_stored_bytes{kind="parts"} 20');
    expect(before).toContain('breadbox_stored_bytes{kind="content"} Nan');

    metrics.space.counted({ contents: 3, bytes: 1000, manifests: 2, objects: 1 });
    const after = await own(metrics);
    expect(after).toContain('breadbox_stored_bytes{kind="content"} 1000');
    expect(after).toContain('breadbox_stored{kind="manifests"} 2');
  });

  test("report free space as NaN where bytes are in a bucket, or the disk does not answer", async () => {
    for (const readSpace of [async () => null, () => Promise.reject(new Error("EIO"))]) {
      const lines = await own(new Metrics({ ...sources, readSpace }));
      expect(lines).toContain("breadbox_disk_free_bytes Nan");
    }
  });
});
