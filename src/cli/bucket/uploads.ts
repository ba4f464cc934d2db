// `breadbox bucket uploads ls` and `abort`: uploads in parts that nobody has completed.
import { exitCode } from "../exitCode.ts";
import type { Options } from "../settingFlags.ts";
import { readBucket, uploadsPath } from "./address.ts";
import type { UploadInfo } from "./answers.ts";
import { uploadsText } from "./bucketText.ts";
import { listUploads } from "./lists.ts";
import { plainText } from "./plainText.ts";
import { printJson, withServer } from "./session.ts";

/** Lists open uploads of a bucket. @throws ConfigError, as both. */
export function listOpen(text: string, options: Options): Promise<number> {
  return withServer("uploads ls", options, async (client) => {
    const bucket = readBucket(text);
    const uploads: UploadInfo[] = [];
    for await (const page of listUploads(client, bucket, {})) uploads.push(...page);
    if (options["json"] === true) printJson({ bucket, uploads });
    else console.log(uploadsText(uploads));
    return exitCode.done;
  });
}

/** Gives an upload up: its parts go. */
export function abort(text: string, id: string, options: Options): Promise<number> {
  return withServer("uploads abort", options, async (client) => {
    const bucket = readBucket(text);
    await client.done(uploadsPath(bucket, id), { method: "DELETE" });
    if (options["json"] === true) printJson({ aborted: { bucket, upload_id: id } });
    else console.log(`Aborted upload ${plainText(id)}.`);
    return exitCode.done;
  });
}
