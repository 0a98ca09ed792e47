/** The part of papaparse (5.7) that csv-rows.ts uses. */
declare module "papaparse" {
  interface ParserConfig {
    readonly delimiter: string;
    readonly newline: "\n" | "\r\n" | "\r";
  }
  interface ParserResult {
    readonly data: string[][];
    /** `row` is an index of `data`; that of an incomplete last row is `data.length`. */
    readonly errors: readonly { readonly code: string; readonly message: string; row: number }[];
    /** `cursor`: where the last row of `data` ends in the input. */
    readonly meta: { readonly cursor: number };
  }
  class Parser {
    constructor(config: ParserConfig);
    parse(input: string, baseIndex: number, ignoreLastRow: boolean): ParserResult;
  }
  const papaparse: { readonly Parser: typeof Parser };
  export = papaparse;
}
