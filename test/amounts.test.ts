import { expect, test } from "bun:test";
import { counted, showAge, showBytes } from "../src/amounts.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

test.each([
  [0, "0s"],
  [999, "0s"],
  [59 * second, "59s"],
  [minute + 59 * second, "1m"],
  [hour, "1h"],
  [2 * hour + 5 * minute + 9 * second, "2h 5m"],
  [3 * day + 9 * minute, "3d"],
  [400 * day + 23 * hour, "400d 23h"],
])("%d ms are shown as %p", (ms, text) => {
  expect(showAge(ms)).toBe(text);
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_500, "1.5 KB"],
  [999_499, "999 KB"],
  [999_600, "1.0 MB"],
  [412e9, "412 GB"],
  [2.5e12, "2.5 TB"],
])("%d bytes are shown as %s", (bytes, text) => {
  expect(showBytes(bytes)).toBe(text);
});

test("the plural is used for every number but one", () => {
  expect([0, 1, 2].map((count) => counted(count, "upload"))).toEqual([
    "0 uploads",
    "1 upload",
    "2 uploads",
  ]);
});
