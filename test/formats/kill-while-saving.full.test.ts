import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { decodeSafetensors, openStore } from "../../src/formats/index.ts";
import { randomSource } from "../helpers/random-values.ts";
import { contents } from "./two-models.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const KILLS = 200;
/** A save takes about 10 to 50 ms. */
const MAX_DELAY_MS = 120;

test(`after each of ${KILLS} kills amid saving, the file is one of the two that were saved`, async () => {
  const seed = Number(process.env.SLUICE_KILL_SEED ?? Date.now() % 1_000_000_000);
  console.log(`kills amid saving: SLUICE_KILL_SEED=${seed}`);
  const random = randomSource(seed);
  const program = await bundleProgram();
  const folder = mkdtempSync(join(tmpdir(), "sluice-kill-"));
  const path = join(folder, "model.safetensors");
  const [first, second] = contents.map((content) => Buffer.from(content));
  if (first === undefined || second === undefined) throw new Error("There are two models.");
  await openStore(path).write(first);

  let [amidSaving, secondFound, most] = [0, 0, 0];
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, [program, path, String(kill)], { stdio: "pipe" });
    await saidReady(child);
    await sleep(random() * MAX_DELAY_MS);
    child.kill("SIGKILL");
    await once(child, "close");

    const found = readFileSync(path);
    const isSecond = found.equals(second);
    expect(isSecond || found.equals(first), `kill ${kill}: ${found.length} bytes`).toBe(true);
    expect(decodeSafetensors(found).tensors.size).toBe(isSecond ? 2 : 1);
    secondFound += Number(isSecond);
    const drafts = readdirSync(folder).length - 1;
    amidSaving += Number(drafts > 0);
    most = Math.max(most, drafts);
  }
  console.log(
    `kills amid saving: ${amidSaving} of ${KILLS} left a draft, at most ${most} at once; ` +
      `${secondFound} times the second model was there`,
  );
  // What a killed process left goes when the next one begins to save; those killed earlier still leave theirs.
  expect(most).toBeLessThanOrEqual(3);
  // Otherwise nothing was shown: the kills have to come amid saving, and after complete saves too.
  expect(amidSaving).toBeGreaterThan(KILLS / 4);
  expect(secondFound).toBeGreaterThan(KILLS / 10);
  expect(secondFound).toBeLessThan(KILLS - KILLS / 10);

  await openStore(path).write(second);
  expect(readdirSync(folder)).toEqual(["model.safetensors"]);
  rmSync(folder, { recursive: true, force: true });
});

async function saidReady(child: ChildProcess): Promise<void> {
  let problem = "";
  child.stderr?.on("data", (chunk) => {
    problem += chunk;
  });
  const ended = once(child, "close").then(() => {
    throw new Error(`The program ended before it saved: ${problem}`);
  });
  // It is killed later; only an end before the first save is a failure.
  ended.catch(() => undefined);
  if (child.stdout !== null) await Promise.race([once(child.stdout, "data"), ended]);
}

async function bundleProgram(): Promise<string> {
  const outfile = join(root, "dist/run/test/formats/save-forever.mjs");
  await build({
    entryPoints: [join(root, "test/formats/programs/save-forever.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
  });
  return outfile;
}
