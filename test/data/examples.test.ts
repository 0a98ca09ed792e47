import { readdirSync, readFileSync } from "node:fs";
import * as sl from "sluice";
import { describe, expect, test, vi } from "vitest";

const files = [
  ...readdirSync(new URL("../../src/data/", import.meta.url)).map((file) => `data/${file}`),
  "layers/normalization.ts",
];
const examples = files.flatMap((file) =>
  examplesIn(readFileSync(new URL(`../../src/${file}`, import.meta.url), "utf8")).map(
    (code) => [`${file}: ${code.split("\n", 1)[0]}`, code] as const,
  ),
);

describe("examples in the documentation of data", () => {
  test("there are some, with results that are compared", () => {
    expect(examples.length).toBeGreaterThan(12);
    const lines = examples.flatMap(([, code]) => code.split("\n"));
    expect(lines.filter((line) => withCheck(line) !== line).length).toBeGreaterThan(8);
  });

  test.each(examples)("%s", async (_name, code) => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    const seen: [unknown, unknown][] = [];
    const checked = code.split("\n").map(withCheck).join("\n");
    // The text is the repository's own; an example is there to be run as it stands.
    const run = new Function("sl", "check", `return (async () => {${checked}\n})();`);
    await run(sl, async (value: unknown, expected: unknown) => {
      const isTensor = value instanceof sl.Tensor;
      seen.push([isTensor ? await value.array() : plain(value), expected]);
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    log.mockRestore();
    for (const [value, expected] of seen) expect(value).toEqual(expected);
    expect(seen).toHaveLength(checked.split("check(").length - 1);
  });
});

/** A line `expression; // value`, where the value is JSON (its array type may stand before it), as a call of `check`. */
function withCheck(line: string): string {
  const [, wait = "", expression, result = ""] =
    /^(await )?(?!const|for)(.+); \/\/ (?:\w+Array |tensor )?(.*)$/.exec(line) ?? [];
  try {
    JSON.parse(result);
  } catch {
    return line;
  }
  return `await check(${wait}${expression}, ${result});`;
}

function plain(value: unknown): unknown {
  return ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value;
}

/** The code of each `@example`, up to the next tag. */
function examplesIn(text: string): string[] {
  return [...text.matchAll(/@example\n([\s\S]*?)(?=\n\s*\*\s*@|\n\s*\*\/)/g)].map(
    ([, lines = ""]) =>
      lines
        .split("\n")
        .map((line) => line.replace(/^\s*\* ?/, ""))
        .join("\n"),
  );
}
