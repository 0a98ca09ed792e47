import { readdirSync, readFileSync } from "node:fs";
import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import * as publicOps from "../../src/tensor/ops/index.ts";

/** One line of an `@example`: an expression, and in a comment behind it what it gives. */
interface Line {
  readonly expression: string;
  readonly result: string;
}

const folder = new URL("../../src/tensor/ops/", import.meta.url);
const examples = new Map<string, readonly Line[]>();
for (const file of readdirSync(folder)) {
  for (const [name, lines] of examplesIn(readFileSync(new URL(file, folder), "utf8"))) {
    examples.set(name, lines);
  }
}

/** Names that a module exports under another word than it declares. */
const RENAMED: Readonly<Record<string, string>> = {
  isFinite: "isFiniteElement",
  isNaN: "isNaNElement",
};

describe("examples in the documentation", () => {
  test.each(Object.keys(publicOps))("%s gives what its example says", async (name) => {
    const lines = examples.get(RENAMED[name] ?? name) ?? [];
    expect(lines.length).toBeGreaterThan(0);
    for (const { expression, result } of lines) {
      // The text is the repository's own; an example is there to be run as it stands.
      const run = new Function("sl", `return (async () => (${expression}))();`);
      const value: unknown = await run(sl);
      expect(JSON.stringify(value)).toBe(result.replaceAll(" ", ""));
    }
  });
});

/** The `@example` lines of each documented function of a file. */
function examplesIn(text: string): [string, Line[]][] {
  return [...text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?:export )?function (\w+)/g)].map(
    ([, comment = "", name = ""]) => {
      const [, example = ""] = comment.split("@example");
      const lines = example.split("\n").flatMap((line) => {
        const match = /^\s*\*\s*(.+?); \/\/ (.+?)\s*$/.exec(line);
        return match ? [{ expression: match[1] ?? "", result: match[2] ?? "" }] : [];
      });
      return [name, lines];
    },
  );
}
