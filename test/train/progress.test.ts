import { afterEach, describe, expect, test, vi } from "vitest";
import type { FitConfig } from "../../src/train/index.ts";
import { Progress } from "../../src/train/progress.ts";
import { linearData, linearModel } from "./support.ts";

/** What fit writes to the terminal. */
async function output(config: FitConfig): Promise<string> {
  const { x, y } = linearData(24);
  const written: string[] = [];
  const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  await linearModel().fit(x, y, { batchSize: 8, shuffle: false, ...config });
  write.mockRestore();
  return written.join("");
}

afterEach(() => {
  vi.restoreAllMocks();
});

/** What a progress writes to a terminal while `body` runs, line by line, without the speed. */
function terminal(steps: () => number | null, body: (progress: Progress) => void): string[] {
  const written: string[] = [];
  const { isTTY, columns } = process.stdout;
  Object.assign(process.stdout, { isTTY: true, columns: 200 });
  const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  const progress = new Progress({ verbose: 1, epochs: 3, steps });
  body(progress);
  progress.close();
  write.mockRestore();
  Object.assign(process.stdout, { isTTY, columns });
  return written.map((text) =>
    text
      .replace("\r\x1b[2K", "")
      .replace(/ {2}\S+ (µs|ms|s)\/step( {2}\S+ left)?/, "")
      .replace(/\[.*\]/, "[]"),
  );
}

describe("the progress of fit", () => {
  test("is a line an epoch where the output is no terminal", async () => {
    const isTerminal = process.stdout.isTTY;
    process.stdout.isTTY = false;
    const lines = (await output({ epochs: 2, validationSplit: 0.5 })).trimEnd().split("\n");
    process.stdout.isTTY = isTerminal;
    expect(lines).toHaveLength(2);
    for (const [i, line] of lines.entries()) {
      expect(line).toMatch(
        new RegExp(`^Epoch ${i + 1}/2 +2/2 .*/step +loss [\\d.]+ +val_loss [\\d.]+$`),
      );
    }
  });

  test("is nothing when verbose is 0", async () => {
    expect(await output({ epochs: 2, verbose: 0 })).toBe("");
  });

  test("shows steps without an end while the data's length is not known, and with it afterwards", () => {
    const logs = { loss: 1 };
    let steps: number | null = null;
    const lines = terminal(
      () => steps,
      (progress) => {
        progress.beginEpoch(0);
        progress.update({ steps: 3, logs, refused: 0 });
        progress.update({ steps: 5, logs, refused: 0 });
        progress.endEpoch(logs);
        steps = 5;
        progress.beginEpoch(1);
        progress.update({ steps: 2, logs, refused: 0 });
        progress.update({ steps: 6, logs, refused: 0 });
        progress.endEpoch(logs);
      },
    );
    expect(lines).toEqual([
      "Epoch 1/3  step 3  loss 1.000",
      "Epoch 1/3  step 5  loss 1.000",
      "Epoch 1/3  5 steps  loss 1.000\n",
      "Epoch 2/3  [] 2/5  loss 1.000",
      "Epoch 2/3  step 6  loss 1.000",
      "Epoch 2/3  6 steps  loss 1.000\n",
    ]);
  });

  test("of an epoch that ends early says how far it came", () => {
    const lines = terminal(
      () => 8,
      (progress) => {
        progress.beginEpoch(0);
        progress.update({ steps: 3, logs: {}, refused: 0 });
        progress.endEpoch({ loss: 1 });
      },
    );
    expect(lines).toEqual(["Epoch 1/3  [] 3/8", "Epoch 1/3  3/8  loss 1.000\n"]);
  });
});
