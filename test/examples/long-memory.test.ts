import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { randomFrom } from "../../examples/long-memory/random.ts";
import { adding, copyMemory } from "../../examples/long-memory/tasks.ts";
import { oneHot, tensor2d } from "../../src/tensor/index.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

function run(program: string, ...flags: string[]) {
  const words = ["tools/run.mjs", `examples/long-memory/${program}.ts`, ...flags];
  return spawnSync(process.execPath, words, { cwd: root, encoding: "utf8" });
}

describe("the adding problem", () => {
  test("marks a number in each half and asks for their sum", async () => {
    const { x, y } = adding(9).draw(randomFrom(4), 50);
    const rows = (await x.array()) as number[][][];
    const sums = await y.data();
    rows.forEach((row, b) => {
      const marked = row.flatMap(([, mark], t) => (mark === 1 ? [t] : []));
      expect(
        row.every(([number = -1, mark]) => number >= 0 && number < 1 && (mark === 0 || mark === 1)),
      ).toBe(true);
      expect(marked.map((t) => t < 4)).toEqual([true, false]);
      const sum = marked.reduce((total, t) => total + (row[t]?.[0] ?? Number.NaN), 0);
      expect(sums[b]).toBeCloseTo(sum, 6);
    });
  });

  // The variance of a sum of two uniform numbers: 2/12. Of 4,000 draws its deviation is 0.004.
  test("costs 1/6 whoever always says 1", async () => {
    const task = adding(4);
    const samples = task.draw(randomFrom(1), 4000);
    const [error] = await task
      .judge(samples, tensor2d(new Float32Array(4000).fill(1), [4000, 1]))
      .data();
    expect(Math.abs(Number(error) - task.baseline)).toBeLessThan(0.016);
    expect([task.isSolved(0.0099), task.isSolved(0.01)]).toEqual([true, false]);
  });

  test("is the same for the same seed", async () => {
    const draw = async (seed: number) => [...(await adding(5).draw(randomFrom(seed), 2).x.data())];
    expect(await draw(3)).toEqual(await draw(3));
    expect(await draw(3)).not.toEqual(await draw(4));
  });
});

describe("copy memory", () => {
  test("shows ten symbols, blanks and a sign, and asks for the symbols at the end", async () => {
    const task = copyMemory(3);
    const { x, y } = task.draw(randomFrom(2), 20);
    const shown = (await x.argMax(-1).array()) as number[][];
    const asked = (await y.array()) as number[][];
    expect([task.steps, x.shape]).toEqual([23, [20, 23, 10]]);
    shown.forEach((row, b) => {
      expect(row.slice(0, 10).every((symbol) => symbol >= 1 && symbol <= 8)).toBe(true);
      expect(row.slice(10)).toEqual([0, 0, 9, ...new Array(10).fill(0)]);
      expect(asked[b]).toEqual([...new Array(13).fill(0), ...row.slice(0, 10)]);
    });
  });

  test("is judged by the symbols alone", async () => {
    const task = copyMemory(3);
    const samples = task.draw(randomFrom(2), 20);
    const judged = async (answers: ReturnType<typeof oneHot>) =>
      (await task.judge(samples, answers).data())[0];
    expect(await judged(oneHot(samples.y.cast("int32"), 9))).toBe(1);
    expect(await judged(oneHot(samples.y.mul(0).cast("int32"), 9))).toBe(0);
  });
});

describe("the long-memory program", () => {
  test("trains the cells that are asked for, and says how it went", () => {
    const flags = ["--cell", "gru", "--updates", "2", "--steps", "6", "--lag", "1"];
    const { status, stdout, stderr } = run("main", ...flags);
    expect([status, stderr]).toEqual([0, expect.not.stringMatching(/error/i)]);
    expect(stdout).toMatch(/^Adapter {2}.+\n\nadding, T = 6: mean squared error, 0.167 without/);
    expect(
      stdout.match(/gru +seed 1 {2}not solved in +2 updates {2}0\.\d{4} {2}\d+ s/g),
    ).toHaveLength(2);
  });

  test("ends with status 2 and one line when a flag is wrong", () => {
    const { status, stderr } = run("main", "--cell", "lstm,transformer");
    expect([status, stderr]).toEqual([
      2,
      '--cell is "lstm,transformer", expected some of simpleRNN, lstm, gru.\n',
    ]);
  });
});

describe("the gradient-flow program", () => {
  // At their first weights the gates of LSTM and GRU stand half open, and close the way in a few dozen steps.
  test("shows less gradient at the first step for a GRU than for an LSTM with a forget bias of 5", () => {
    const { status, stdout } = run("gradient-flow", "--steps", "30", "--updates", "0");
    expect(status).toBe(0);
    const first = (name: string): number =>
      Number(
        stdout
          .split("\n")
          .find((line) => line.startsWith(name))
          ?.match(/[\d.]+e[-+]\d+/)?.[0],
      );
    const [gru, lstm, open] = [
      "GRU",
      "LSTM, orthogonal, forget bias 1",
      "LSTM, orthogonal, forget bias 5",
    ].map(first) as [number, number, number];
    expect(gru).toBeLessThan(lstm);
    expect(lstm).toBeLessThan(open);
    expect(first("SimpleRNN, orthogonal")).toBeGreaterThan(lstm);
  });
});
