import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "sluice-text-program-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A run of the program; `watch` sees what it has said so far. */
async function run(flags: string, watch?: (output: string, child: ChildProcess) => void) {
  const words = ["tools/run.mjs", "examples/text/main.ts", ...flags.split(" "), "--out", folder];
  const child = spawn(process.execPath, words, { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    watch?.(output, child);
  });
  const [status] = (await once(child, "close")) as [number | null];
  const bits = Number(output.match(/^gru \(sluice\) +([\d.]+)$/m)?.[1]);
  return { status, output, bits };
}

describe("the text program", () => {
  const flags = "--model gru --steps 200 --every 100";
  let whole: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => {
    whole = await run(flags);
  }, 300_000);

  // Order 1 needs 3.552 bits, see text-counts.test.ts.
  test("is below the counts of order 1 after 200 updates", () => {
    expect(whole.status).toBe(0);
    expect(whole.output).toMatch(
      /^100 updates: \d\.\d{3} bits per character \(7,680 held-out ones\)/m,
    );
    expect(whole.bits).toBeLessThan(3.4);
  });

  test("saves when it is interrupted, and goes on to the same figures", async () => {
    let isSent = false;
    const interrupted = await run(flags, (output, child) => {
      if (isSent || !output.includes("100 updates:")) return;
      isSent = true;
      child.kill("SIGINT");
      setTimeout(() => child.kill("SIGINT"), 20); // as npm passes it on
    });
    expect(interrupted.status).toBe(130);
    expect(interrupted.output).toMatch(
      /Saved .+gru\.safetensors after 1\d\d updates; .+--continue/,
    );
    const goneOn = await run("--continue");
    expect([goneOn.status, goneOn.bits]).toEqual([0, whole.bits]);
  });
});
