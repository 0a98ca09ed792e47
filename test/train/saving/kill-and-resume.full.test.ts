import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { wgslForEsbuild } from "../../../tools/wgsl-plugin.mjs";
import { randomSource } from "../../helpers/random-values.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const KILLS = 20;
const UPDATES = 9 * 21; // epochs × batches of 329 samples

test(`training that is killed ${KILLS} times goes on to the same bits, update by update`, async () => {
  const seed = Number(process.env.SLUICE_KILL_SEED ?? Date.now() % 1_000_000_000);
  console.log(`kill and resume: SLUICE_KILL_SEED=${seed}`);
  const random = randomSource(seed);
  const program = await bundleProgram();
  const folder = mkdtempSync(join(tmpdir(), "sluice-resume-"));

  const whole = await linesOf(start(program, join(folder, "whole.safetensors")), () => false);
  const hashes = new Map(whole.slice(0, -1).map((line) => line.split(" ") as [string, string]));
  expect(hashes.size).toBe(UPDATES);
  expect(new Set(hashes.values()).size).toBeGreaterThan(UPDATES / 3); // two batches make one update

  const target = join(folder, "killed.safetensors");
  const killedAt = Array.from({ length: KILLS }, () => Math.floor(random() * UPDATES)).sort(
    (a, b) => a - b,
  );
  const steps = [...hashes.keys()];
  for (const step of killedAt) {
    const child = start(program, target);
    const lines = await linesOf(child, async (line) => {
      if (steps.indexOf(line.split(" ")[0] ?? "") < step) return false;
      await sleep(random() * 20); // amid the next update, or amid a backup
      child.kill("SIGKILL");
      return true;
    });
    for (const line of lines.filter((one) => !one.startsWith("done"))) {
      const [at = "", hash] = line.split(" ");
      expect(hash, `after update ${at}, killed at ${step}`).toBe(hashes.get(at));
    }
  }
  const last = await linesOf(start(program, target), () => false);
  expect(last.length).toBeLessThan(whole.length);
  expect(last.at(-1)).toBe(whole.at(-1));
  expect(existsSync(target)).toBe(false); // removed when training came to its end
  expect(readdirSync(folder)).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

function start(program: string, target: string): ChildProcess {
  return spawn(process.execPath, [program, target], { stdio: ["ignore", "pipe", "pipe"] });
}

/** What a program prints until it ends, or until `isEnough` says so. */
async function linesOf(
  child: ChildProcess,
  isEnough: (line: string) => boolean | Promise<boolean>,
): Promise<string[]> {
  const lines: string[] = [];
  let problem = "";
  child.stderr?.on("data", (chunk) => {
    problem += chunk;
  });
  const ended = once(child, "close");
  if (child.stdout === null) throw new Error("no output");
  let wasEnough = false;
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (!wasEnough) wasEnough = await isEnough(line);
  }
  const [code] = await ended;
  if (code !== 0 && !wasEnough) throw new Error(`the program ended with ${code}: ${problem}`);
  return lines;
}

async function bundleProgram(): Promise<string> {
  const outfile = join(root, "dist/run/test/train/train-on.mjs");
  await build({
    entryPoints: [join(root, "test/train/saving/programs/train-on.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    alias: { sluice: join(root, "src/index.ts") },
    plugins: [wgslForEsbuild()],
  });
  return outfile;
}
