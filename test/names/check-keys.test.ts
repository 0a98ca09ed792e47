import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/errors.ts";
import { checkKeys } from "../../src/names/check-keys.ts";
import { describeValue } from "../../src/names/describe.ts";

const rules = {
  units: "number",
  returnSequences: "boolean",
  activation: "any",
  kernelConstraint: "notYet",
  initialState: "ofCall",
} as const;
const check = (config: unknown): void => checkKeys("layers.lstm", config, rules);

describe("checkKeys", () => {
  test("lets pass what is read, and what asks for nothing", () => {
    check({ units: 3, returnSequences: true, activation: (x: number) => x });
    check({ units: 3, kernelConstraint: null, activation: null, other: undefined });
    check({ kernelConstraint: false, initialState: null });
  });

  const wrong: [string, unknown, string][] = [
    ["a misspelt key", { unit: 3 }, "there is no option unit. Did you mean units?"],
    ["Python's spelling", { return_sequences: true }, "Did you mean returnSequences?"],
    ["a key like no other", { zzzzzzzzzzzzzzzz: 1 }, "Expected some of units, returnSequences,"],
    ["a key of Object.prototype", { toString: 1 }, "no option toString"],
    ["what only others know", { kernelConstraint: "nonNeg" }, "not to sluice yet"],
    ["what belongs to the call", { initialState: 1 }, "layer.apply(x, { initialState: … })"],
    [
      "what is nearly that",
      { initialStates: 1 },
      "Expected some of units, returnSequences, activation.",
    ],
    ["text for a boolean", { returnSequences: "false" }, 'received "false" as returnSequences'],
    ["text for a number", { units: "3" }, "Expected a number"],
    ["nothing", undefined, "received undefined. Expected an object: { units,"],
    ["null", null, "received null"],
    ["a list", [3], "received a list of 1"],
    ["a number", 3, "received 3"],
  ];

  test.each(wrong)("refuses %s", (_what, config, message) => {
    expect(() => check(config)).toThrow(ArgumentError);
    expect(() => check(config)).toThrow(message);
  });
});

test("describeValue says what came in few words", () => {
  class Own {}
  const values = [undefined, null, "a", 5, [1, 2], {}, { a: 1, b: 2 }, new Own(), describeValue];
  expect(values.map(describeValue)).toEqual([
    "undefined",
    "null",
    '"a"',
    "5",
    "a list of 2",
    "{}",
    "{ a, b }",
    "an object (Own)",
    "a function (describeValue)",
  ]);
});
