import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

function run(...flags: string[]) {
  const words = ["tools/run.mjs", "examples/text/main.ts", ...flags];
  return spawnSync(process.execPath, words, { cwd: root, encoding: "utf8" });
}

describe("the text program", () => {
  test("explains itself", () => {
    const { status, stdout } = run("--help");
    expect(status).toBe(0);
    for (const flag of ["model", "steps", "every", "seed", "continue", "sample", "out", "help"])
      expect(stdout).toContain(`--${flag} `);
  });

  test.each([
    [["--model", "rnn"], /^--model is "rnn", expected gru, lstm.*\n$/],
    [
      ["--steps", "5", "--every", "2"],
      /^--steps is 5, expected a multiple of --every, which is 2.\n$/,
    ],
    [
      ["--continue", "--out", "nowhere"],
      /^--continue: there is no nowhere\/gru.safetensors; .+\n$/,
    ],
  ])("ends with status 2 and one line for %j", (words, line) => {
    const { status, stdout, stderr } = run(...words);
    const own = stderr.replace(/^Warning: maxDynamic.*\n/gm, ""); // Dawn's, on drivers of software
    expect([status, stdout, own]).toEqual([2, "", expect.stringMatching(line)]);
  });
});
