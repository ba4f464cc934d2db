// `breadbox bucket ls`, `create`, `rm`, `stat`, `uploads ls` and `uploads abort`: one question to the server each.

import { counted, showBytes } from "../../amounts.ts";
import {
  type BucketAddress,
  bucketPath,
  objectPath,
  readAddress,
  readBucket,
  readObject,
  showAddress,
  uploadsPath,
} from "../../client/address.ts";
import {
  type BucketInfo,
  type ObjectInfo,
  readBucketInfo,
  type UploadInfo,
} from "../../client/answers.ts";
import type { Client } from "../../client/client.ts";
import { listBuckets, listObjects, listUploads, type ObjectPage } from "../../client/lists.ts";
import { look } from "../../client/objectBytes.ts";
import { CommandError } from "../../client/problems.ts";
import { plainText } from "../../plainText.ts";
import { exitCode } from "../exitCode.ts";
import { complain, print, printJson } from "../print.ts";
import type { Options } from "../settingFlags.ts";
import { confirm } from "../withTool.ts";
import {
  bucketsText,
  bucketText,
  objectLines,
  objectsEnd,
  objectText,
  removedText,
  uploadsText,
} from "./bucketText.ts";
import { listBelow, removeObjects } from "./removeMany.ts";
import { UsageError, withServer } from "./session.ts";
import { bytesOf } from "./syncPlan.ts";

const asked = (options: Options, name: string): boolean => options[name] === true;

/** Lists buckets, or what a bucket holds. @throws ConfigError, as all of them. */
export function list(text: string | undefined, options: Options): Promise<number> {
  return withServer("bucket ls", options, async (client) => {
    if (text === undefined) await printBuckets(client, options);
    else await printObjects(client, readAddress(text), options);
    return exitCode.done;
  });
}

async function printBuckets(client: Client, options: Options): Promise<void> {
  const buckets: BucketInfo[] = [];
  for await (const page of listBuckets(client)) buckets.push(...page);
  if (asked(options, "json")) printJson({ buckets });
  else print(bucketsText(buckets));
}

async function printObjects(
  client: Client,
  { bucket, object: prefix }: BucketAddress,
  options: Options,
): Promise<void> {
  const delimiter = asked(options, "recursive") ? {} : { delimiter: "/" };
  const pages = listObjects(client, bucket, { prefix, ...delimiter });
  if (asked(options, "json")) {
    printJson({ bucket, prefix, ...(await gather(pages)) });
    return;
  }
  const sum = { objects: 0, bytes: 0, prefixes: 0 };
  for await (const page of pages) {
    // Page by page: a bucket may hold more names than memory should.
    if (page.items.length + page.prefixes.length > 0) print(objectLines(page));
    sum.objects += page.items.length;
    sum.prefixes += page.prefixes.length;
    sum.bytes = page.items.reduce((bytes, item) => bytes + item.size_bytes, sum.bytes);
  }
  print(objectsEnd(sum));
}

async function gather(pages: AsyncGenerator<ObjectPage>) {
  const objects: ObjectInfo[] = [];
  const prefixes: string[] = [];
  for await (const page of pages) {
    objects.push(...page.items);
    prefixes.push(...page.prefixes);
  }
  return { objects, prefixes };
}

/** Creates a bucket. */
export function create(text: string, options: Options): Promise<number> {
  return withServer("bucket create", options, async (client) => {
    const name = readBucket(text);
    const created = readBucketInfo(
      await client.json("/v1/buckets", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name }),
      }),
    );
    if (asked(options, "json")) printJson(created);
    else print(`Created bucket ${created.name}.`);
    return exitCode.done;
  });
}

/** Removes an object, or an empty bucket. */
export function remove(text: string, options: Options): Promise<number> {
  return withServer("bucket rm", options, async (client) => {
    if (asked(options, "recursive")) return removeAll(client, text, options);
    const isBucket = readAddress(text).object === "" && !text.endsWith("/");
    const target = isBucket ? readAddress(text) : readObject(text);
    if (isBucket && !(await mayRemove(target.bucket, options))) {
      complain("Nothing was removed.");
      return exitCode.failed;
    }
    const path = isBucket ? bucketPath(target.bucket) : objectPath(target);
    await client.done(path, { method: "DELETE" });
    if (asked(options, "json")) {
      printJson({
        removed: { bucket: target.bucket, ...(!isBucket && { object: target.object }) },
      });
    } else {
      print(removedText(target));
    }
    return exitCode.done;
  });
}

/** Every object below a name, or a bucket with all of them. */
async function removeAll(client: Client, text: string, options: Options): Promise<number> {
  const { bucket, object } = readAddress(text);
  const isBucket = object === "";
  const target = { bucket, object: isBucket || object.endsWith("/") ? object : `${object}/` };
  const items = await listBelow(client, target);
  const what = `${counted(items.length, "object")} (${showBytes(bytesOf(items))}) of ${plainText(showAddress(target))}${isBucket ? ", and the bucket" : ""}`;
  if (!(await agreed(`Remove ${what}? [y/N] `, options))) {
    complain("Nothing was removed.");
    return exitCode.failed;
  }
  const removed = await removeObjects(client, target, items);
  if (isBucket) await client.done(bucketPath(bucket), { method: "DELETE" });
  if (asked(options, "json"))
    printJson({ removed: { bucket, prefix: target.object, objects: removed } });
  else print(`Removed ${what}. The next garbage collection frees the space.`);
  return exitCode.done;
}

async function mayRemove(bucket: string, options: Options): Promise<boolean> {
  return agreed(`Remove bucket ${bucket}? [y/N] `, options);
}

async function agreed(question: string, options: Options): Promise<boolean> {
  if (asked(options, "yes")) return true;
  if (process.stdin.isTTY !== true) {
    throw new UsageError("add --yes: there is no terminal to ask on. Nothing was removed.");
  }
  return confirm(question);
}

/** Prints a bucket's totals, or an object's properties. */
export function stat(text: string, options: Options): Promise<number> {
  return withServer("bucket stat", options, async (client) => {
    const target = readAddress(text);
    if (target.object === "") {
      const found = readBucketInfo(await client.json(bucketPath(target.bucket)));
      if (asked(options, "json")) printJson(found);
      else print(bucketText(found));
      return exitCode.done;
    }
    const found = await statObject(client, readObject(text));
    if (asked(options, "json")) printJson(found);
    else print(objectText(found));
    return exitCode.done;
  });
}

/** A name that is whole comes first of all names that begin with it. */
async function statObject(client: Client, target: BucketAddress): Promise<ObjectInfo> {
  for await (const { items } of listObjects(client, target.bucket, {
    prefix: target.object,
    limit: "1",
    shared: "true",
  })) {
    const [found] = items;
    if (found?.object !== target.object) break;
    // A row alone proves nothing: its content may be damaged, and then the server says what to do.
    await look(client, target);
    return found;
  }
  throw new CommandError(`There is no object ${showAddress(target)}.`);
}

/** Lists open uploads of a bucket. */
export function listOpenUploads(text: string, options: Options): Promise<number> {
  return withServer("bucket uploads ls", options, async (client) => {
    const bucket = readBucket(text);
    const uploads: UploadInfo[] = [];
    for await (const page of listUploads(client, bucket, {})) uploads.push(...page);
    if (asked(options, "json")) printJson({ bucket, uploads });
    else print(uploadsText(uploads));
    return exitCode.done;
  });
}

/** Gives an upload up: its parts go. */
export function abortUpload(text: string, id: string, options: Options): Promise<number> {
  return withServer("bucket uploads abort", options, async (client) => {
    const bucket = readBucket(text);
    await client.done(uploadsPath(bucket, id), { method: "DELETE" });
    if (asked(options, "json")) printJson({ aborted: { bucket, upload_id: id } });
    else print(`Aborted upload ${plainText(id)}.`);
    return exitCode.done;
  });
}
