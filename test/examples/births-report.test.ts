import { describe, expect, test } from "vitest";
import { forecastChart } from "../../examples/births/chart.ts";
import { type ForecastDay, meanAbsoluteErrors } from "../../examples/births/evaluate.ts";
import { parseFlags } from "../../examples/births/flags.ts";
import { errorTable, forecastCsv, verdict } from "../../examples/births/report.ts";
import { FlagError } from "../../examples/shared/flags.ts";

describe("the command line", () => {
  test("has defaults", () => {
    expect(parseFlags([])).toEqual({ model: "lstm", seed: 1, epochs: 6, out: "out", help: false });
  });

  test("is read", () => {
    const words = ["--model", "gru", "--seed=7", "--epochs", "3", "--out", "elsewhere", "--help"];
    expect(parseFlags(words)).toEqual({
      model: "gru",
      seed: 7,
      epochs: 3,
      out: "elsewhere",
      help: true,
    });
  });

  test.each([
    [["--speed"], /^Unknown option '--speed'/],
    [["births"], /^Unexpected argument 'births'/],
    [["--seed"], /argument missing/],
    [["--help=yes"], /does not take an argument/],
    [["--model", "LSTM"], /^--model is "LSTM", expected simpleRNN, gru, lstm\.$/],
    [["--epochs", "0"], /^--epochs is "0", expected a whole number from 1 to /],
    [["--epochs", "many"], /^--epochs is "many"/],
    [["--seed", "1.5"], /^--seed is "1.5"/],
    [["--seed=-1"], /^--seed is "-1", expected a whole number from 0 /],
    [["--seed", "3000000000"], /^--seed is "3000000000"/],
  ])("refuses %j in one line", (words, message) => {
    expect(() => parseFlags(words)).toThrow(FlagError);
    expect(() => parseFlags(words)).toThrow(message);
    try {
      parseFlags(words);
    } catch (error) {
      expect(String(error)).not.toContain("\n");
    }
  });
});

const days: readonly ForecastDay[] = Array.from({ length: 1092 }, (_, i) => ({
  date: new Date(Date.UTC(2012, 0, 1 + i)).toISOString().slice(0, 10),
  actual: 10_000,
  forecast: 10_100,
  ridge: 9_800,
  lag7: 10_300 + (i % 2),
  lag364: 10_000 + 4 * (i % 2) - 402,
}));
const errors = meanAbsoluteErrors(days);

describe("the report", () => {
  test("averages absolute errors", () => {
    expect(errors).toEqual({ model: 100, ridge: 200, lag7: 300.5, lag364: 400 });
  });

  test("lists the errors, best first", () => {
    expect(errorTable(errors, "gru").split("\n").slice(1)).toEqual([
      "gru (sluice)                       100.0",
      "ridge regression, same inputs      200.0",
      "latest known week (lag 7)          300.5",
      "364 days before (lag 364)          400.0",
    ]);
  });

  test("says what was beaten", () => {
    expect(verdict(errors, "gru")).toBe("The gru beats ridge regression, lag 364, lag 7.");
    expect(verdict({ ...errors, model: 350 }, "gru")).toBe("The gru beats lag 364.");
    expect(verdict({ ...errors, model: 500 }, "gru")).toBe(
      "The gru beats none of the simple methods.",
    );
  });

  test("writes a table that spreadsheets read", () => {
    const lines = forecastCsv(days).split("\n");
    expect(lines[0]).toBe("date,actual,forecast,lag7,lag364,ridge");
    expect(lines[2]).toBe("2012-01-02,10000,10100.0,10301,9602,9800.0");
    expect(lines).toHaveLength(1 + 1092 + 1);
    expect(lines[1093]).toBe("");
  });

  test("draws every day", () => {
    const svg = forecastChart({ days, errors, model: "gru" });
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 1200 /);
    expect(svg).toContain("forecast 28 days ahead by a GRU");
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    const dots = svg.match(/<circle class="actual"/g) ?? [];
    // 1092 in the years, 56 close up, 1 in the legend.
    expect(dots).toHaveLength(1092 + 56 + 1);
    const open = svg.match(/<(?![/?])[a-z]+/g) ?? [];
    const closed = svg.match(/<\/[a-z]+>|\/>/g) ?? [];
    expect(closed).toHaveLength(open.length);
  });
});
