import { expect, test } from "bun:test";
import { clientProgram } from "../../src/http/clientProgram.ts";

const dockerd =
  "docker/27.5.1 go/go1.22.11 git-commit/4c9b3b0 kernel/6.1.0 os/linux arch/amd64 UpstreamClient(Docker-Client/27.5.1 \\(linux\\))";

test.each([
  ["dockerd names the program that uses it", dockerd, "Docker-Client/27.5.1 (linux)"],
  [
    "compose through dockerd",
    dockerd.replace("Docker-Client/27.5.1", "compose/2.32.4"),
    "compose/2.32.4 (linux)",
  ],
  [
    "dockerd on its own",
    "docker/27.5.1 go/go1.22.11 os/linux",
    "docker/27.5.1 go/go1.22.11 os/linux",
  ],
  ["another client", "skopeo/1.9.3", "skopeo/1.9.3"],
  ["none", null, null],
  ["an empty one", " ", null],
  ["a very long one", "a".repeat(500), "a".repeat(200)],
])("%s", (_, sent, found) => {
  expect(clientProgram(sent)).toBe(found);
});
