// The commands of `breadbox bucket`: names, options and help. Apart from program.ts, because they are many.
import type { Command } from "commander";
import { addConfigFlag, type Options } from "../settingFlags.ts";

/** Runs an action, which returns its exit code. */
type Run = (action: Promise<number>) => Promise<void>;

const examples = (first: string, second: string): string => `\nExamples:\n  ${first}\n  ${second}`;

/** Adds what every one of them takes. */
function addServerFlags(command: Command): Command {
  command.option(
    "-s, --server <URL>",
    "server to speak to; BREADBOX_SERVER names it as well. Default: the one that the configuration is for",
  );
  return addConfigFlag(command).option("--json", "print JSON");
}

const retryFlag = [
  "--retry-for <TIME>",
  "how long to try again while the line or the server is down. Default: 10m",
] as const;

/** Adds `bucket` to the program. */
export function addBucket(program: Command, run: Run): void {
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
  addStat(bucket, run);
  addUploads(bucket, run);
}

function addList(bucket: Command, run: Run): void {
  addServerFlags(bucket.command("ls [BUCKET[/PREFIX]]"))
    .summary("list buckets, or what a bucket holds")
    .description(
      "Lists buckets, or the objects of one whose names begin with PREFIX. Names with a further slash are told once, as a folder, unless --recursive asks for all of them.",
    )
    .option("-r, --recursive", "every object, however many slashes its name has")
    .addHelpText("after", examples("breadbox bucket ls", "breadbox bucket ls backups/2026/ --json"))
    .action(async (target: string | undefined, options: Options) =>
      run((await import("./buckets.ts")).list(target, options)),
    );
}

function addCreate(bucket: Command, run: Run): void {
  addServerFlags(bucket.command("create <BUCKET>"))
    .summary("create a bucket")
    .description("Creates a bucket: lower-case letters, digits, dots and dashes, 63 at most.")
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

function addRemove(bucket: Command, run: Run): void {
  addServerFlags(bucket.command("rm <BUCKET[/OBJECT]>"))
    .summary("remove an object, or an empty bucket")
    .description(
      "Removes an object, or a bucket that holds none. Space is given back by the next collection of garbage.",
    )
    .option("-y, --yes", "do not ask before a bucket goes")
    .addHelpText(
      "after",
      examples("breadbox bucket rm backups/db.tar", "breadbox bucket rm backups --yes"),
    )
    .action(async (target: string, options: Options) =>
      run((await import("./buckets.ts")).remove(target, options)),
    );
}

function addPut(bucket: Command, run: Run): void {
  addServerFlags(bucket.command("put <FILE> <BUCKET[/OBJECT]>"))
    .summary("store a file as an object")
    .description(
      "Stores a file of any size as an object; the server compares its SHA-256 before anybody can read it. A bucket alone, or a slash at the end, is completed by the file's name. What was broken off goes on when the same command is run again. FILE - is standard input, which cannot be taken up later.",
    )
    .option("--parallel <N>", "parts that are sent at the same time. Default: 4")
    .option("--part-size <SIZE>", "bytes of a part. Default: 16MiB, more for files above 156 GiB")
    .option(...retryFlag)
    .option("--content-type <TYPE>", "media type. Default: by the file's name")
    .addHelpText(
      "after",
      examples(
        "breadbox bucket put disk.img backups/2026/",
        "breadbox bucket put - backups/shop.sql --server https://boxes.example < shop.sql",
      ),
    )
    .action(async (file: string, target: string, options: Options) =>
      run((await import("./put.ts")).put(file, target, options)),
    );
}

function addGet(bucket: Command, run: Run): void {
  addServerFlags(bucket.command("get <BUCKET/OBJECT> [FILE]"))
    .summary("get an object as a file")
    .description(
      "Gets an object. Its bytes go to FILE.part, which becomes FILE when they are what the digest says; what was broken off goes on when the same command is run again. Without FILE it is the last part of the name, in the current folder. FILE - is standard output: look at the exit code.",
    )
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

function addStat(bucket: Command, run: Run): void {
  addServerFlags(bucket.command("stat <BUCKET[/OBJECT]>"))
    .summary("tell about a bucket or an object")
    .description("Tells how much a bucket holds, or size, type, digest and time of an object.")
    .addHelpText(
      "after",
      examples("breadbox bucket stat backups", "breadbox bucket stat backups/db.tar --json"),
    )
    .action(async (target: string, options: Options) =>
      run((await import("./buckets.ts")).stat(target, options)),
    );
}

function addUploads(bucket: Command, run: Run): void {
  const uploads = bucket
    .command("uploads")
    .summary("list and abort uploads in parts")
    .description(
      "Lists and aborts uploads in parts that nobody has completed. What receives no part for storage.multipart.maxUploadTtlSeconds is removed by the server itself.",
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
    .summary("give an upload up")
    .description("Gives an upload up: the parts that were sent are removed at once.")
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
