import { afterEach, describe, expect, test, vi } from "vitest";
import type { FitConfig } from "../../src/train/index.ts";
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
});
