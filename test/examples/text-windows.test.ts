import { describe, expect, test } from "vitest";
import { countCharacters, splitText } from "../../examples/text/corpus.ts";
import { createJudge } from "../../examples/text/evaluate.ts";
import { randomWindows } from "../../examples/text/windows.ts";
import { oneHot, type Tensor } from "../../src/tensor/index.ts";

/** Forty characters, the last four held out; every one is another. */
const text = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN";
const corpus = splitText(text);

describe("the text", () => {
  test("is split so that its last tenth is held out", () => {
    expect([corpus.cut, corpus.ids.length, countCharacters(corpus)]).toEqual([36, 40, 40]);
    expect(corpus.vocabulary.decode(corpus.ids.subarray(corpus.cut))).toBe("KLMN");
  });

  test("is refused when nothing would be held out", () => {
    expect(() => splitText("too short")).toThrow("9 characters, expected at least 10");
  });
});

describe("windows", () => {
  const options = { batchSize: 8, time: 5, seed: 3, batches: 40 };
  const read = async (pass: number, seed = 3): Promise<string[][]> => {
    const rows: string[][] = [];
    for (const { xs, ys } of randomWindows(corpus, { ...options, seed })(pass)) {
      const [inputs, labels] = (await Promise.all([xs.array(), ys.array()])) as number[][][];
      inputs?.forEach((ids, b) => {
        rows.push([corpus.vocabulary.decode(ids), corpus.vocabulary.decode(labels?.[b] ?? [])]);
      });
    }
    return rows;
  };

  test("hold characters that follow each other, and as labels those that come one later", async () => {
    const rows = await read(0);
    expect(rows).toHaveLength(320);
    for (const [xs = "", ys] of rows) {
      expect(text).toContain(xs);
      expect(ys).toBe(text.slice(text.indexOf(xs) + 1, text.indexOf(xs) + 6));
    }
  });

  test("come from all of the part that is trained on, and show nothing of what is held out", async () => {
    const labels = new Set((await read(0)).map(([, ys]) => ys));
    // Labels begin at the second character and end with the last of 36: there are 31 such windows.
    expect([...labels].sort()).toEqual(
      Array.from({ length: 31 }, (_, i) => text.slice(i + 1, i + 6)).sort(),
    );
  });

  test("are the same for the same seed and pass, and others for others", async () => {
    expect(await read(1)).toEqual(await read(1));
    expect(await read(1)).not.toEqual(await read(0));
    expect(await read(1, 4)).not.toEqual(await read(1));
  });
});

describe("bits per character", () => {
  const long = splitText(
    Array.from({ length: 300 }, (_, i) => "abcdefghijklm"[(i * i) % 13]).join(""),
  );
  const V = long.vocabulary.size;
  // Stands for a model: the logit of the character that is the input is log 3, all others are 0, so that a
  // character that repeats the one before has a probability of 3 / (V + 2), and any other 1 / (V + 2).
  const repeater = { apply: (x: Tensor): Tensor => oneHot(x, V).mul(Math.log(3)) };

  const expectedBits = (from: number): number => {
    let bits = 0;
    for (let i = from; i < long.ids.length; i++) {
      bits -= Math.log2((long.ids[i] === long.ids[i - 1] ? 3 : 1) / (V + 2));
    }
    return bits / (long.ids.length - from);
  };

  // 30 characters are held out: 4 windows of 8 judged ones, of which the last counts 6.
  test("are the mean over every held-out character, once each", async () => {
    const judge = createJudge(repeater, long, { context: 5, judged: 8, batchSize: 3 });
    expect(judge.characters).toBe(30);
    expect(await judge.bits()).toBeCloseTo(expectedBits(270), 5);
    judge.dispose();
  });

  test("can be estimated from windows that are spread", async () => {
    const judge = createJudge(repeater, long, { context: 5, judged: 8, windows: 2 });
    expect(judge.characters).toBe(16);
    const spans = [
      ...Array.from({ length: 8 }, (_, i) => 270 + i),
      ...Array.from({ length: 8 }, (_, i) => 286 + i),
    ];
    const bits = spans.map((i) => -Math.log2((long.ids[i] === long.ids[i - 1] ? 3 : 1) / (V + 2)));
    expect(await judge.bits()).toBeCloseTo(bits.reduce((sum, one) => sum + one, 0) / 16, 5);
    judge.dispose();
  });
});
