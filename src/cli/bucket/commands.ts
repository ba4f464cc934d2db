// The commands of `breadbox bucket`: names, options and help. Apart from program.ts, because they are many.

import type { Command } from "commander";
import { examples, type RunAction } from "../commandParts.ts";
import { addConfigFlag, type Options } from "../settingFlags.ts";

/** Adds what every one of them takes. */
function addServerFlags(command: Command): Command {
  command.option(
    "-s, --server <URL>",
    "URL of the server. Default: BREADBOX_SERVER, then the server of the configuration",
  );
  return addConfigFlag(command).option("--json", "print JSON");
}

const retryFlag = [
  "--retry-for <TIME>",
  "how long to retry while the connection or the server is down. Default: 10m",
] as const;

/** Adds `bucket` to the program. */
export function addBucket(program: Command, run: RunAction): void {
  const bucket = program
    .command("bucket")
    .summary("put, get and list objects in buckets")
    .description(
      "Puts, gets and lists objects in the buckets of a running server, on this machine or on another one.",
    )
    .addHelpText(
      "after",
      examples(
        "breadbox bucket create backups && breadbox bucket put db.tar backups",
        "breadbox bucket get backups/db.tar --server https://boxes.example",
      ),
    );
  addList(bucket, run);
  addCreate(bucket, run);
  addRemove(bucket, run);
  addPut(bucket, run);
  addGet(bucket, run);
  addSync(bucket, run);
  addStat(bucket, run);
  addUploads(bucket, run);
}

function addList(bucket: Command, run: RunAction): void {
  addServerFlags(bucket.command("ls [BUCKET[/PREFIX]]"))
    .summary("list buckets, or the objects of one")
    .description(
      "Lists buckets, or the objects of one whose names begin with PREFIX. Names with a further slash are shown as one folder; --recursive lists all of them.",
    )
    .option("-r, --recursive", "every object, however many slashes its name has")
    .addHelpText("after", examples("breadbox bucket ls", "breadbox bucket ls backups/2026/ --json"))
    .action(async (target: string | undefined, options: Options) =>
      run((await import("./buckets.ts")).list(target, options)),
    );
}

function addCreate(bucket: Command, run: RunAction): void {
  addServerFlags(bucket.command("create <BUCKET>"))
    .summary("create a bucket")
    .description(
      "Creates a bucket. Its name has lower-case letters, digits, dots and dashes, 63 at most.",
    )
    .addHelpText(
      "after",
      examples(
        "breadbox bucket create backups",
        "breadbox bucket create backups --server https://boxes.example",
      ),
    )
    .action(async (name: string, options: Options) =>
      run((await import("./buckets.ts")).create(name, options)),
    );
}

function addRemove(bucket: Command, run: RunAction): void {
  addServerFlags(bucket.command("rm <BUCKET[/OBJECT]>"))
    .summary("remove objects, or a bucket")
    .description(
      "Removes an object, or an empty bucket; with --recursive every object below a name, or a bucket with all of its objects. The next garbage collection frees the space.",
    )
    .option("-r, --recursive", "every object whose name begins with OBJECT/, or all of a bucket")
    .option("-y, --yes", "remove without asking")
    .addHelpText(
      "after",
      examples("breadbox bucket rm backups/db.tar", "breadbox bucket rm -r backups/2025 --yes"),
    )
    .action(async (target: string, options: Options) =>
      run((await import("./buckets.ts")).remove(target, options)),
    );
}

function addSync(bucket: Command, run: RunAction): void {
  addServerFlags(bucket.command("sync <FROM> <TO>"))
    .summary("copy what differs between a folder and a bucket")
    .description(
      "Copies the files of a folder into a bucket, or its objects into a folder: only those whose size or digest differs. One of the two is the folder, written with a dot or a slash at its beginning; the other is BUCKET or BUCKET/PREFIX. Run the same command again to resume. Links are not followed.",
    )
    .option("--delete", "also delete what the source does not have; prints the plan without --yes")
    .option("--dry-run", "print what would be done, and do nothing")
    .option("-y, --yes", "with --delete: do it")
    .option(...retryFlag)
    .addHelpText(
      "after",
      examples(
        "breadbox bucket sync ./site backups/site",
        "breadbox bucket sync backups/site ./site --delete --yes",
      ),
    )
    .action(async (from: string, to: string, options: Options) =>
      run((await import("./sync.ts")).sync(from, to, options)),
    );
}

function addPut(bucket: Command, run: RunAction): void {
  addServerFlags(bucket.command("put <FILE> <BUCKET[/OBJECT]>"))
    .summary("store a file as an object")
    .description(
      "Stores a file of any size as an object. The server verifies its SHA-256 before the object can be read. After a bucket alone, or a slash at the end, the file's name is added. Run the same command again to resume an interrupted upload. FILE - is standard input, which cannot be resumed.",
    )
    .option("--parallel <N>", "number of parts sent at the same time. Default: 4")
    .option("--part-size <SIZE>", "size of a part. Default: 16MiB, more for files above 156 GiB")
    .option(...retryFlag)
    .option("--content-type <TYPE>", "media type. Default: derived from the file's name")
    .addHelpText(
      "after",
      examples(
        "breadbox bucket put disk.img backups/2026/",
        "breadbox bucket put - backups/shop.sql < shop.sql",
      ),
    )
    .action(async (file: string, target: string, options: Options) =>
      run((await import("./put.ts")).put(file, target, options)),
    );
}

function addGet(bucket: Command, run: RunAction): void {
  addServerFlags(bucket.command("get <BUCKET/OBJECT> [FILE]"))
    .summary("get an object as a file")
    .description(
      "Gets an object. Its bytes are written to FILE.part, which is renamed to FILE when they match the digest. Run the same command again to resume an interrupted download. FILE defaults to the last part of the name, in the current folder. FILE - is standard output: check the exit code, because the digest is compared at the end. A FILE that exists is replaced only with --force.",
    )
    .option("-f, --force", "replace FILE if it exists")
    .option(...retryFlag)
    .addHelpText(
      "after",
      examples(
        "breadbox bucket get backups/2026/disk.img",
        "breadbox bucket get backups/shop.sql - | psql shop",
      ),
    )
    .action(async (target: string, file: string | undefined, options: Options) =>
      run((await import("./get.ts")).get(target, file, options)),
    );
}

function addStat(bucket: Command, run: RunAction): void {
  addServerFlags(bucket.command("stat <BUCKET[/OBJECT]>"))
    .summary("show facts about a bucket or an object")
    .description(
      "Shows the number and size of a bucket's objects, or the size, type, digest and time of an object.",
    )
    .addHelpText(
      "after",
      examples("breadbox bucket stat backups", "breadbox bucket stat backups/db.tar --json"),
    )
    .action(async (target: string, options: Options) =>
      run((await import("./buckets.ts")).stat(target, options)),
    );
}

function addUploads(bucket: Command, run: RunAction): void {
  const uploads = bucket
    .command("uploads")
    .summary("list and abort multipart uploads")
    .description(
      "Lists and aborts multipart uploads that are not completed. The server removes an upload automatically when it receives no part for storage.multipart.maxUploadTtlSeconds.",
    )
    .addHelpText(
      "after",
      examples(
        "breadbox bucket uploads ls backups",
        "breadbox bucket uploads abort backups 01a1f7e5-93cb-728c-8028-5a61b9c8f780",
      ),
    );
  addServerFlags(uploads.command("ls <BUCKET>"))
    .summary("list open uploads")
    .description("Lists the open uploads of a bucket, the oldest first.")
    .addHelpText(
      "after",
      examples("breadbox bucket uploads ls backups", "breadbox bucket uploads ls backups --json"),
    )
    .action(async (name: string, options: Options) =>
      run((await import("./buckets.ts")).listOpenUploads(name, options)),
    );
  addServerFlags(uploads.command("abort <BUCKET> <UPLOAD_ID>"))
    .summary("abort an upload")
    .description("Aborts an upload: the parts that were sent are removed at once.")
    .addHelpText(
      "after",
      examples(
        "breadbox bucket uploads abort backups 01a1f7e5-93cb-728c-8028-5a61b9c8f780",
        "breadbox bucket uploads abort backups 01a1f7e5-93cb-728c-8028-5a61b9c8f780 --json",
      ),
    )
    .action(async (name: string, id: string, options: Options) =>
      run((await import("./buckets.ts")).abortUpload(name, id, options)),
    );
}
