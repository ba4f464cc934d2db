// What is inside the executable, as the build listed it (.dev/bom): for people, and as a software bill of materials.
import notice from "./assets/notice.txt.gz" with { type: "file" };
import sbom from "./assets/sbom.json.gz" with { type: "file" };

const unpacked = async (path: string): Promise<string> =>
  new TextDecoder().decode(Bun.gunzipSync(await Bun.file(path).bytes())).trimEnd();

/** Every component with its license, and the texts of the licenses. */
export const noticeText = (): Promise<string> => unpacked(notice);

/** CycloneDX 1.6, JSON. */
export const sbomText = (): Promise<string> => unpacked(sbom);
