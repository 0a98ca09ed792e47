import { readdirSync, readFileSync } from "node:fs";
import { inspect } from "node:util";
import * as sl from "sluice";
import { describe, expect, test } from "vitest";

/** An `@example` of a function that is judged by what it prints. */
interface Example {
  readonly name: string;
  readonly statements: string;
  readonly printed: string;
  readonly result: string;
}

const examples = ["losses", "metrics"].flatMap((floor) => {
  const folder = new URL(`../../src/${floor}/`, import.meta.url);
  return readdirSync(folder).flatMap((file) =>
    examplesIn(readFileSync(new URL(file, folder), "utf8")),
  );
});

describe("examples in the documentation of losses and metrics", () => {
  test("are there for every function", () => {
    const functions = [...Object.entries(sl.losses), ...Object.entries(sl.metrics)].filter(
      ([name, one]) => typeof one === "function" && one.name === name && !/^[A-Z]/.test(name),
    );
    expect(functions.length).toBeGreaterThan(45);
    const named = new Set(examples.map(({ name }) => name));
    expect(functions.map(([name]) => name).filter((name) => !named.has(name))).toEqual([]);
  });

  test.each(examples)(
    "$name prints what its example says",
    async ({ statements, printed, result }) => {
      // The text is the repository's own; an example is there to be run as it stands.
      const run = new Function(
        "sl",
        `return (async () => { ${statements}; return ${printed}; })();`,
      );
      const value: unknown = await run(sl);
      const text = typeof value === "string" ? value : inspect(value).replace(/\(\d+\)/, "");
      expect(text).toBe(result);
    },
  );
});

function examplesIn(text: string): Example[] {
  const documented = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export function (\w+)/g;
  return [...text.matchAll(documented)].flatMap(([, comment = "", name = ""]) => {
    const [, example = ""] = comment.split("@example");
    const code = example.replace(/^\s*\* ?/gm, "");
    const match = /^([\s\S]*?)console\.log\((.*)\); \/\/ (.+)$/m.exec(code);
    if (match === null) return [];
    const [, statements = "", printed = "", result = ""] = match;
    return [{ name, statements, printed, result: result.trim() }];
  });
}
