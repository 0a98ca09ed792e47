import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { programOf } from "./blocks.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What TypeScript says of a program in this repository, under its own settings. */
function typeErrors(program: string): string[] {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const file = join(root, "test/docs/page.ts");
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, languageVersion) =>
    name === file
      ? ts.createSourceFile(name, program, languageVersion)
      : getSourceFile(name, languageVersion);
  const compiled = ts.createProgram([file, join(root, "src/wgsl.d.ts")], options, host);
  const source = compiled.getSourceFile(file);
  return [
    ...compiled.getSyntacticDiagnostics(source),
    ...compiled.getSemanticDiagnostics(source),
  ].map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

describe("the programs of the pages in docs", () => {
  test.each([
    "own-pieces.md",
    "fine-tuning.md",
    "forecasting.md",
    "generation.md",
    "gradient-flow.md",
  ])("%s has no type errors", (page) => {
    expect(typeErrors(programOf(page))).toEqual([]);
  });

  test("a wrong type would be found", () => {
    expect(
      typeErrors('import * as sl from "sluice";\nsl.layers.dense({ units: "4" });'),
    ).toHaveLength(1);
  });
});
