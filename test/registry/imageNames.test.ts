// Images as people paste them from the command that pushed them.
import { expect, test } from "bun:test";
import { readImage } from "../../src/registry/imageNames.ts";

const digest = `sha256:${"a".repeat(64)}`;

test.each([
  ["app:1.0", "app", { tag: "1.0" }],
  ["team/app:latest", "team/app", { tag: "latest" }],
  [`team/app@${digest}`, "team/app", { digest }],
  ["localhost:5000/team/app:1.0", "team/app", { tag: "1.0" }],
  ["docker://localhost:5000/team/app:1.0", "team/app", { tag: "1.0" }],
  ["oci://registry.example.org:8443/app:1.0", "app", { tag: "1.0" }],
  ["[::1]:5000/team/app:V1", "team/app", { tag: "V1" }],
  [`127.0.0.1:5000/team/app@${digest}`, "team/app", { digest }],
])("%s is an image name", (text, repository, reference) => {
  expect(readImage(text) as unknown).toEqual({ repository, reference });
});

test.each([
  "",
  "team/app",
  "localhost:5000/",
  "Team/App:1",
  "app:",
  ":1",
  "app@1.0",
  "app:a b",
  "a:b:c",
])("%j is not an image name", (text) => {
  expect(readImage(text)).toBeNull();
});
