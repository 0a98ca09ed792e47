import { readFileSync } from "node:fs";
import * as sl from "sluice";
import { describe, expect, test } from "vitest";

const files = [
  ...["multi-head-attention", "grouped-query-attention", "attention", "additive-attention"],
  ...["transformer-encoder", "transformer-decoder"],
];

/** The lines of the `@example` of a file; those that say a shape hand it to `expectShape`. */
function exampleOf(file: string): string {
  const text = readFileSync(new URL(`../../src/layers/${file}.ts`, import.meta.url), "utf8");
  const [, example = ""] = /@example\n((?: \* (?!@).*\n)+)/.exec(text) ?? [];
  const lines = example.split("\n").map((line) => line.replace(/^ \* /, ""));
  return lines
    .map((line) => line.replace(/^(.+)\.shape; \/\/ (\[.*\])$/, "expectShape($1, $2);"))
    .join("\n");
}

describe("examples in the documentation of attention", () => {
  test.each(files)("%s runs, and gives the shapes that it says", (file) => {
    const shapes: unknown[] = [];
    const expectShape = ({ shape }: sl.Tensor, expected: number[]): void => {
      expect(shape).toEqual(expected);
      shapes.push(shape);
    };
    // The text is the repository's own; an example is there to be run as it stands.
    new Function("sl", "expectShape", exampleOf(file))(sl, expectShape);
    expect(shapes).toHaveLength(1);
  });
});
