import * as fs from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";

/** The npm package that carries SwiftShader (and a headless Chromium, which the tests use). */
const PACKAGE = "@sparticuz/chromium";

/** An installed package with Brotli archives in its `bin` folder. */
export interface DriverPackage {
  readonly root: string;
  readonly version: string;
}

/** The package as seen from this library, else from the program's folder; `undefined` when not installed. */
export function findDriverPackage(): DriverPackage | undefined {
  for (const from of [import.meta.url, join(process.cwd(), "package.json")]) {
    try {
      const root = join(dirname(createRequire(from).resolve(PACKAGE)), "..");
      const { version } = JSON.parse(fs.readFileSync(join(root, "package.json"), "utf8"));
      return { root, version };
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return undefined;
}

/** Where the files of `what` are kept between processes: one folder per version of the package and per user. */
export function cacheFolder(what: string, { version }: DriverPackage): string {
  return join(tmpdir(), `sluice-${what}-${version}-${userId()}`);
}

/**
 * Unpacks archives of the package into `folder`, unless the wanted files are there already.
 * The folder appears complete by one rename, so any number of processes may do this at the same time.
 *
 * @param archives names in `bin`, e.g. `"swiftshader.tar.br"`; one that is no tar becomes a file of its name
 * @param wanted files, relative to the folder, whose presence shows that it is complete
 */
export async function unpackOnce(
  { root }: DriverPackage,
  folder: string,
  {
    archives,
    wanted,
  }: { readonly archives: readonly string[]; readonly wanted: readonly string[] },
): Promise<void> {
  if (isComplete(folder, wanted)) return;
  const temporary = fs.mkdtempSync(`${folder}-`); // for this user alone
  try {
    for (const archive of archives) await unpack(root, join("bin", archive), temporary);
    if (isComplete(folder, wanted)) return; // another process was faster
    fs.rmSync(folder, { recursive: true, force: true }); // left half-empty by a cleaner of temporary files
    fs.renameSync(temporary, folder);
  } catch (error) {
    if (!isComplete(folder, wanted)) throw error;
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
}

async function unpack(root: string, archive: string, folder: string): Promise<void> {
  const source = fs.createReadStream(join(root, archive));
  const isTar = archive.endsWith(".tar.br");
  const sink = isTar
    ? archiveReader(root).extract(folder)
    : fs.createWriteStream(join(folder, basename(archive, ".br")), { mode: 0o700 });
  await pipeline(source, createBrotliDecompress(), sink);
}

/** The package's own reader of tar archives, a dependency that it declares. */
function archiveReader(root: string): { extract(folder: string): NodeJS.WritableStream } {
  return createRequire(join(root, "package.json"))("tar-fs");
}

/** @throws {Error} when somebody else could have put files there: programs and drivers are loaded from it. */
function isComplete(folder: string, wanted: readonly string[]): boolean {
  const stat = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  if (!stat.isDirectory() || stat.uid !== userId() || (stat.mode & 0o022) !== 0) {
    const kind = stat.isDirectory() ? "a folder" : "no folder";
    const mode = (stat.mode & 0o777).toString(8);
    throw new Error(
      `${folder} cannot be trusted with a driver: expected a folder that only user ${userId()} can ` +
        `write, received ${kind} of user ${stat.uid} with mode ${mode}. Delete it and run again.`,
    );
  }
  return wanted.every((file) => fs.existsSync(join(folder, file)));
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return ["MODULE_NOT_FOUND", "ENOENT", "ERR_PACKAGE_PATH_NOT_EXPORTED"].includes(code);
}

function userId(): number {
  return process.getuid?.() ?? 0;
}
