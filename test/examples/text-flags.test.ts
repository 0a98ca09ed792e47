import { describe, expect, test } from "vitest";
import { parseFlags } from "../../examples/text/flags.ts";
import { beatenOrder, bitsTable } from "../../examples/text/report.ts";

describe("the flags of the text program", () => {
  test("have defaults", () => {
    expect(parseFlags([])).toEqual({
      model: "gru",
      steps: null,
      every: null,
      seed: null,
      isContinued: false,
      sample: "Call me Ishmael.",
      out: "out/text",
      help: false,
    });
  });

  test("are read", () => {
    const words = "--model lstm --steps 50 --every 10 --seed 0 --sample Whale --out a/b --help";
    expect(parseFlags(words.split(" "))).toEqual({
      model: "lstm",
      steps: 50,
      every: 10,
      seed: 0,
      isContinued: false,
      sample: "Whale",
      out: "a/b",
      help: true,
    });
    expect(parseFlags(["--continue", "--steps", "90"])).toMatchObject({
      isContinued: true,
      steps: 90,
      seed: null,
    });
  });

  test.each([
    [["--model", "rnn"], '--model is "rnn", expected gru, lstm'],
    [["--steps", "0"], '--steps is "0", expected a whole number from 1 on.'],
    [["--every", "1e3"], '--every is "1e3", expected a whole number from 1 on.'],
    [["--sample", ""], '--sample is "", expected at least one character.'],
    [["--continue", "--seed", "2"], "--every and --seed are those that the training began with"],
    [["--step", "3"], "Unknown option '--step'. --help lists the flags."],
  ])("refuse %j", (words, message) => {
    expect(() => parseFlags(words)).toThrow(message);
  });
});

describe("the report of the text program", () => {
  const counted = [4.5, 3.5, 2.9, 2.4, 2.2];

  test.each([
    [4, 0],
    [3.5, 0],
    [3, 1],
    [2.5, 2],
    [2.39, 3],
    [2, 4],
  ])("says of %d bits that they are below order %d", (bits, order) => {
    expect(beatenOrder(bits, counted)).toBe(order);
  });

  test("shows the best first", () => {
    expect(bitsTable("gru", 2.3456, counted).split("\n").slice(1)).toEqual([
      "counts of order 4                  2.200",
      "gru (sluice)                       2.346",
      "counts of order 3                  2.400",
      "counts of order 2                  2.900",
      "counts of order 1                  3.500",
    ]);
  });
});
