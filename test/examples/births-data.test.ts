import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import {
  calendarDay,
  type DayFlag,
  dayFlags,
  dayNumber,
  formatDay,
} from "../../examples/births/calendar.ts";
import { DATA_FILE, dayAt, indexOfDay, parseBirths } from "../../examples/births/data.ts";

const csv = readFileSync(createRequire(import.meta.url).resolve(DATA_FILE), "utf8");

describe("the births table", () => {
  const births = parseBirths(csv);

  test("has a count for each day of 2000 to 2014", () => {
    // 15 years with 4 leap days.
    expect(births.counts).toHaveLength(15 * 365 + 4);
    expect(formatDay(dayAt(births, 0))).toBe("2000-01-01");
    expect(formatDay(dayAt(births, births.counts.length - 1))).toBe("2014-12-31");
    // First and last line of the file.
    expect([births.counts[0], births.counts[births.counts.length - 1]]).toEqual([9083, 11990]);
    expect(indexOfDay(births, 2000, [3, 1])).toBe(60);
  });

  const lines = csv.trim().split("\n");
  test.each([
    [
      "a missing day",
      lines.toSpliced(100, 1),
      /^births: line 101 reads "2000,4,10,1,\d+", expected 2000-04-09/,
    ],
    ["a wrong weekday", lines.with(1, "2000,1,1,5,9083"), /^births: line 2 .* weekday 6/],
    ["no count", lines.with(1, "2000,1,1,6,"), /^births: line 2 /],
    ["a count that is no number", lines.with(1, "2000,1,1,6,many"), /^births: line 2 /],
    ["other columns", lines.with(0, "date,births"), /columns "date,births"/],
    ["no rows", lines.slice(0, 1), /births: the table has columns/],
    ["an empty file", [], /births: the table has columns ""/],
  ])("refuses a table with %s", (_, table, message) => {
    expect(() => parseBirths(table.join("\n"))).toThrow(message);
  });
});

describe("the calendar", () => {
  test("counts days from 1970 and knows weekdays", () => {
    expect(dayNumber(1970, 1, 1)).toBe(0);
    // 2012-02-29 was a Wednesday.
    expect(calendarDay(dayNumber(2012, 2, 29))).toEqual({
      year: 2012,
      month: 2,
      day: 29,
      weekday: 2,
    });
  });

  // Dates of federal holidays: US Office of Personnel Management; of Easter: the Church's tables.
  test.each<[flag: DayFlag, dates: readonly (readonly [number, number, number])[]]>([
    [
      "majorHoliday",
      [
        [2012, 11, 22],
        [2013, 5, 27],
        [2014, 9, 1],
        [2014, 7, 4],
        [2000, 1, 1],
        [2005, 12, 25],
      ],
    ],
    [
      "minorHoliday",
      [
        [2012, 1, 16],
        [2013, 2, 18],
        [2014, 10, 13],
        [2010, 11, 11],
      ],
    ],
    [
      "beforeMajorHoliday",
      [
        [2012, 11, 21],
        [2013, 12, 31],
      ],
    ],
    [
      "afterMajorHoliday",
      [
        [2013, 5, 28],
        [2014, 1, 2],
      ],
    ],
    [
      "observedHoliday",
      [
        [2009, 7, 3],
        [2012, 1, 2],
        [2010, 12, 31],
        [2011, 12, 26],
      ],
    ],
    ["afterThanksgiving", [[2013, 11, 29]]],
    [
      "goodFriday",
      [
        [2000, 4, 21],
        [2008, 3, 21],
        [2011, 4, 22],
        [2014, 4, 18],
      ],
    ],
    [
      "avoidedDate",
      [
        [2012, 2, 29],
        [2013, 4, 1],
        [2001, 9, 11],
        [2014, 10, 31],
      ],
    ],
    ["thirteenth", [[2013, 9, 13]]],
  ])("finds %s", (flag, dates) => {
    for (const date of dates)
      expect([date, dayFlags(dayNumber(...date))[flag]]).toEqual([date, true]);
  });

  test("has as many of each kind in a year as there are", () => {
    const year = Array.from({ length: 365 }, (_, i) => dayFlags(dayNumber(2013, 1, 1) + i));
    const count = (flag: DayFlag) => year.filter((flags) => flags[flag]).length;
    expect(count("majorHoliday")).toBe(6);
    expect(count("minorHoliday")).toBe(4);
    expect(count("beforeMajorHoliday")).toBe(6);
    // New Year's Day, Independence Day and Christmas of 2013 were weekdays.
    expect(count("observedHoliday")).toBe(0);
    expect(count("goodFriday")).toBe(1);
    expect(count("thirteenth")).toBe(12);
  });
});
