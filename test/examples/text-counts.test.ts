import { describe, expect, test } from "vitest";
import { countCharacters, readMobyDick, splitText } from "../../examples/text/corpus.ts";
import { CountModel, countModelBits } from "../../examples/text/count-model.ts";

describe("the models that count", () => {
  // Worked out by hand from the formula above CountModel, for the text 0 1 0 0 1 and three possible characters.
  // No context: c = 5, d = 2, so p(0) = (3 + 2/3) / 7 = 11/21, p(1) = (2 + 2/3) / 7 = 8/21, p(2) = (2/3) / 7 = 2/21.
  // After 0: c = 3 (1, 0, 1), d = 2, so p(0) = (1 + 2 · 11/21) / 5 = 43/105, p(1) = (2 + 2 · 8/21) / 5 = 58/105,
  // p(2) = (2 · 2/21) / 5 = 4/105. After 1: c = 1 (0), d = 1, so p(0) = (1 + 11/21) / 2 = 16/21, p(1) = (8/21) / 2 = 4/21.
  const model = new CountModel([0, 1, 0, 0, 1], { order: 1, characters: 3 });

  test.each([
    { before: 0, id: 0, expected: [11 / 21, 43 / 105] },
    { before: 0, id: 1, expected: [8 / 21, 58 / 105] },
    { before: 0, id: 2, expected: [2 / 21, 4 / 105] },
    { before: 1, id: 0, expected: [11 / 21, 16 / 21] },
    { before: 1, id: 1, expected: [8 / 21, 4 / 21] },
  ])("give $id after $before the probability of Witten and Bell", ({ before, id, expected }) => {
    model.probabilities([before, id], 1).forEach((probability, order) => {
      expect(probability).toBeCloseTo(expected[order] ?? Number.NaN, 14);
    });
  });

  test("say of a context that never was what the shorter one says", () => {
    const [zero, one] = model.probabilities([2, 1], 1);
    expect(one).toBe(zero);
  });

  test("share out all of the probability", () => {
    const text = [3, 1, 4, 1, 5, 2, 6, 5, 3, 5, 0, 1, 4, 1];
    const deep = new CountModel(text, { order: 3, characters: 7 });
    for (const before of [
      [1, 4, 1],
      [4, 1, 5],
      [6, 6, 5],
      [0, 0, 0],
    ]) {
      const sums = [0, 0, 0, 0];
      for (let id = 0; id < 7; id++) {
        deep.probabilities([...before, id], 3).forEach((p, order) => {
          sums[order] = (sums[order] ?? 0) + p;
        });
      }
      for (const sum of sums) expect(sum).toBeCloseTo(1, 14);
    }
  });

  // The mean over 1 after 0, 0 after 1: order 0 -log2(8/21 · 11/21) / 2, order 1 -log2(58/105 · 16/21) / 2.
  test("are judged by the mean of their bits", () => {
    const bits = countModelBits(model, [0, 1, 0], 1);
    expect(bits[0]).toBeCloseTo(-Math.log2((8 / 21) * (11 / 21)) / 2, 14);
    expect(bits[1]).toBeCloseTo(-Math.log2((58 / 105) * (16 / 21)) / 2, 14);
  });

  // An independent program (Python, contexts as substrings in dictionaries) gave 3.552448484870115, 2.8966541771318384,
  // 2.4164669723675805 and 2.2317789709491858 for orders 1 to 4 on the same tenth.
  test("need 3.55, 2.90, 2.42 and 2.23 bits a character for the end of Moby-Dick", () => {
    const corpus = splitText(readMobyDick());
    const characters = countCharacters(corpus);
    const counting = new CountModel(corpus.ids.subarray(0, corpus.cut), { order: 4, characters });
    const bits = countModelBits(counting, corpus.ids, corpus.cut).slice(1);
    const expected = [
      3.552448484870115, 2.8966541771318384, 2.4164669723675805, 2.2317789709491858,
    ];
    expect(characters).toBe(83);
    bits.forEach((figure, i) => {
      expect(figure).toBeCloseTo(expected[i] ?? Number.NaN, 9);
    });
  });
});
