// Lists of objects that say who else holds their content.
import { expect, test } from "bun:test";
import { noise } from "../support/store.ts";
import { pushBlob } from "./support/image.ts";
import { bucket, jsonOf } from "./support/multipart.ts";
import { openObjects } from "./support/objectClient.ts";

test("a list with shared=true names the repositories that hold what its objects are made of", async () => {
  await using objects = await openObjects();
  const bytes = noise(1000);
  const digest = await pushBlob(objects.registry.url, "team/app", bytes);
  const link = JSON.stringify({ from: { repository: "team/app", digest } });
  await objects.put("linked", link, { "Content-Type": "application/json" });
  await objects.put("own", "nobody else has it");
  const list = async (query: string) =>
    Object(jsonOf(await objects.ask(`/v1/buckets/${bucket}/objects${query}`)))["objects"];

  expect(await list("?shared=true")).toMatchObject([
    { object: "linked", repositories: ["team/app"], other_repositories: 0 },
    { object: "own", repositories: [] },
  ]);
  expect((await list("?shared=false"))[0]).not.toHaveProperty("repositories");
  const wrong = await objects.ask(`/v1/buckets/${bucket}/objects?shared=yes`);
  expect(wrong.status).toBe(400);
});
