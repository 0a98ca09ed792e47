import { readFileSync } from "node:fs";
import { transform } from "esbuild";
import * as sl from "sluice";

/** A block of code in a page, with the heading that it stands under. */
export interface Block {
  readonly heading: string;
  readonly language: string;
  readonly code: string;
}

/** The fenced blocks of a page, in order; its path is from docs/. */
export function blocksOf(page: string): Block[] {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), "utf8");
  let heading = "";
  const parts = text.matchAll(/^## (?<title>.+)$|^```(?<language>\w*)\n(?<code>[\s\S]*?)^```$/gm);
  return [...parts].flatMap(({ groups: { title, language = "", code = "" } = {} }) => {
    if (title === undefined) return [{ heading, language, code }];
    heading = title;
    return [];
  });
}

/** The TypeScript of a page as one program. */
export function programOf(page: string): string {
  const blocks = blocksOf(page).filter(({ language }) => language === "ts");
  return blocks.map(({ code }) => code).join("\n");
}

/**
 * Runs a page's program.
 * @returns What it declares, by name, and the arguments of each `console.log`.
 */
export async function runProgram(
  program: string,
): Promise<{ names: Record<string, unknown>; logs: unknown[][] }> {
  const body = program.replace(/^import .*\n/gm, "");
  const names = [...body.matchAll(/^(?:const|class|function) (\w+|\{[^}]+\})/gm)]
    .map(([, name = ""]) => name.replace(/[{}]/g, ""))
    .join(",");
  const { code } = await transform(`async () => {${body}\nreturn {${names}};}`, { loader: "ts" });
  const logs: unknown[][] = [];
  const console = { log: (...words: unknown[]) => void logs.push(words) };
  // The text is the repository's own; what a page shows is there to be run as it stands.
  const run = new Function("sl", "console", `return (${code.replace(/;\s*$/, "")})();`);
  return { names: (await run(sl, console)) as Record<string, unknown>, logs };
}
