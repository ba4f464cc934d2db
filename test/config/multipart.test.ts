// Settings of uploads in parts and of their cleanup, in every way in which they can be given.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { SettingKey } from "../../src/config/settings.ts";
import { closeRoom, load, openRoom, problemsOf } from "./room.ts";

beforeEach(async () => {
  await openRoom();
});

afterEach(closeRoom);

const ttl = "storage.multipart.maxUploadTtlSeconds";
const partBytes = "storage.multipart.maxPartBytes";
const parts = "storage.multipart.maxParts";
const interval = "jobs.cleanup.sweepIntervalSeconds";
const grace = "jobs.cleanup.gracePeriodSeconds";
const limit = "jobs.cleanup.maxUploadsPerSweep";

describe("loadConfig: uploads in parts", () => {
  const inFile: [string, SettingKey, unknown][] = [
    ["storage: { multipart: { max_upload_ttl_seconds: 90 } }", ttl, 90_000],
    ["storage: { multipart: { maxUploadTtlSeconds: 2h } }", ttl, 7_200_000],
    ["storage: { multipart: { max_part_bytes: 4096 } }", partBytes, 4096],
    ["storage: { multipart: { maxPartBytes: 8MiB } }", partBytes, 8_388_608],
    ["storage: { multipart: { max_parts: 5 } }", parts, 5],
    ["storage: { multipart: { maxParts: 5 } }", parts, 5],
    ["jobs: { cleanup: { enabled: off } }", "jobs.cleanup.enabled", false],
    ["jobs: { cleanup: { sweep_interval_seconds: 30 } }", interval, 30_000],
    ["jobs: { cleanup: { sweepIntervalSeconds: 30 } }", interval, 30_000],
    ["jobs.cleanup.sweepIntervalSeconds: 1m30s", interval, 90_000],
    ["jobs: { cleanup: { grace_period_seconds: 0 } }", grace, 0],
    ["jobs: { cleanup: { gracePeriodSeconds: 5 } }", grace, 5000],
    ["jobs: { cleanup: { max_uploads_per_sweep: 9 } }", limit, 9],
    ["jobs: { cleanup: { maxUploadsPerSweep: 9 } }", limit, 9],
  ];
  test.each(inFile)("the file may say %s", async (yaml, key, value) => {
    expect((await load({ yaml })).config[key]).toEqual(value as never);
  });

  const variables: [string, string, SettingKey, unknown][] = [
    ["BREADBOX_STORAGE_MULTIPART_ENABLED", "false", "storage.multipart.enabled", false],
    ["BREADBOX_STORAGE_MULTIPART_MAX_PARTS", "7", parts, 7],
    ["BREADBOX_STORAGE_MULTIPART_MAX_PART_BYTES", "1MiB", partBytes, 2 ** 20],
    ["BREADBOX_STORAGE_MULTIPART_MAX_UPLOAD_TTL_SECONDS", "1", ttl, 1000],
    ["BREADBOX_JOBS_CLEANUP_ENABLED", "off", "jobs.cleanup.enabled", false],
    ["BREADBOX_JOBS_CLEANUP_SWEEP_INTERVAL_SECONDS", "1", interval, 1000],
    ["BREADBOX_JOBS_CLEANUP_GRACE_PERIOD_SECONDS", "0", grace, 0],
    ["BREADBOX_JOBS_CLEANUP_MAX_UPLOADS_PER_SWEEP", "3", limit, 3],
  ];
  test.each(variables)("%s=%s sets %s", async (name, text, key, value) => {
    const { config, origins } = await load({ env: { [name]: text } });

    expect(config[key]).toEqual(value as never);
    expect(origins[key].where).toBe(name);
  });

  test.each([
    ["BREADBOX_STORAGE_MULTIPART_MAX_UPLOAD_TTL_SECONDS", "0", "smallest allowed, 1s."],
    ["BREADBOX_STORAGE_MULTIPART_MAX_PARTS", "0", "is not a whole number from 1 to 99999."],
    ["BREADBOX_STORAGE_MULTIPART_MAX_PARTS", "100000", "is not a whole number from 1 to 99999."],
    ["BREADBOX_STORAGE_MULTIPART_MAX_PART_BYTES", "1", "smallest allowed, 1KiB."],
    ["BREADBOX_STORAGE_MULTIPART_MAX_PART_BYTES", "2TiB", "largest allowed, 1TiB."],
    ["BREADBOX_JOBS_CLEANUP_SWEEP_INTERVAL_SECONDS", "0", "smallest allowed, 1s."],
    ["BREADBOX_JOBS_CLEANUP_SWEEP_INTERVAL_SECONDS", "25d", "largest allowed, 24d."],
    ["BREADBOX_JOBS_CLEANUP_GRACE_PERIOD_SECONDS", "-1", "is not a duration."],
    ["BREADBOX_JOBS_CLEANUP_MAX_UPLOADS_PER_SWEEP", "0", "is not a whole number from 1 to"],
  ])("%s=%s is refused", async (name, text, reason) => {
    expect((await problemsOf({ env: { [name]: text } })).join()).toContain(reason);
  });

  test("a misspelled key is reported with the right one, in the typed spelling", async () => {
    const yaml = "jobs:\n  cleanup:\n    sweep_intervall_seconds: 5\n";

    expect(await problemsOf({ yaml })).toEqual([
      'breadbox.yml:3:5  unknown key "sweep_intervall_seconds" in jobs.cleanup. Did you mean "sweep_interval_seconds"?',
    ]);
  });
});
