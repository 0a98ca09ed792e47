/** A date with its day of the week, 0 for Monday to 6 for Sunday. */
export interface CalendarDay {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
  readonly weekday: number;
}

const MS_PER_DAY = 86_400_000;

/** Days since 1970-01-01. */
export function dayNumber(year: number, month: number, day: number): number {
  return Math.round(Date.UTC(year, month - 1, day) / MS_PER_DAY);
}

/** The date of a day number. */
export function calendarDay(number: number): CalendarDay {
  const date = new Date(number * MS_PER_DAY);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: (date.getUTCDay() + 6) % 7,
  };
}

/** `2012-01-31` */
export function formatDay({ year, month, day }: CalendarDay): string {
  return `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}

/** What can be special about a day; all of it is known years ahead. */
export const DAY_FLAGS = [
  "majorHoliday",
  "minorHoliday",
  "beforeMajorHoliday",
  "afterMajorHoliday",
  "observedHoliday",
  "christmasEve",
  "newYearsEve",
  "afterThanksgiving",
  "avoidedDate",
  "thirteenth",
  "goodFriday",
] as const;

export type DayFlag = (typeof DAY_FLAGS)[number];

/**
 * Which flags a day has. Planned births (inductions, caesareans) keep away from these days, or from
 * their neighbours: hospitals work as on a Sunday on major holidays; parents avoid some dates, and
 * the 13th.
 *
 * The list was drawn up from the years 2001 to 2010: dates whose births differ from those of the
 * same weekday one and two weeks before and after, by 13 % for October 31, 6 % for Good Friday, 2 %
 * for a 13th.
 */
export function dayFlags(number: number): Readonly<Record<DayFlag, boolean>> {
  const { year, month, day, weekday } = calendarDay(number);
  const isDate = (m: number, d: number) => month === m && day === d;
  return {
    majorHoliday: isMajorHoliday(number),
    minorHoliday: minorHolidays(year).includes(number),
    beforeMajorHoliday: isMajorHoliday(number + 1),
    afterMajorHoliday: isMajorHoliday(number - 1),
    observedHoliday:
      (weekday === FRIDAY && isFixedHoliday(number + 1)) ||
      (weekday === MONDAY && isFixedHoliday(number - 1)),
    christmasEve: isDate(12, 24),
    newYearsEve: isDate(12, 31),
    afterThanksgiving: number - 1 === thanksgiving(year),
    avoidedDate: isDate(2, 29) || isDate(4, 1) || isDate(9, 11) || isDate(10, 31),
    thirteenth: day === 13,
    goodFriday: number === easterSunday(year) - 2,
  };
}

const MONDAY = 0;
const THURSDAY = 3;
const FRIDAY = 4;

/**
 * New Year's Day, Independence Day, Christmas: on a weekend they are observed on the nearest
 * weekday.
 */
function isFixedHoliday(number: number): boolean {
  const { month, day } = calendarDay(number);
  return (month === 1 && day === 1) || (month === 7 && day === 4) || (month === 12 && day === 25);
}

function isMajorHoliday(number: number): boolean {
  const { year } = calendarDay(number);
  const memorialDay = lastWeekday(year, 5, MONDAY);
  const laborDay = nthWeekday(year, 9, { weekday: MONDAY, nth: 1 });
  return isFixedHoliday(number) || [memorialDay, laborDay, thanksgiving(year)].includes(number);
}

function thanksgiving(year: number): number {
  return nthWeekday(year, 11, { weekday: THURSDAY, nth: 4 });
}

/** Martin Luther King Day, Presidents' Day, Columbus Day, Veterans Day. */
function minorHolidays(year: number): readonly number[] {
  return [
    nthWeekday(year, 1, { weekday: MONDAY, nth: 3 }),
    nthWeekday(year, 2, { weekday: MONDAY, nth: 3 }),
    nthWeekday(year, 10, { weekday: MONDAY, nth: 2 }),
    dayNumber(year, 11, 11),
  ];
}

function nthWeekday(year: number, month: number, which: { weekday: number; nth: number }): number {
  const first = dayNumber(year, month, 1);
  const wait = (which.weekday - calendarDay(first).weekday + 7) % 7;
  return first + wait + 7 * (which.nth - 1);
}

function lastWeekday(year: number, month: number, weekday: number): number {
  const last = dayNumber(year, month + 1, 1) - 1;
  return last - ((calendarDay(last).weekday - weekday + 7) % 7);
}

/** Easter Sunday in the Gregorian calendar: Meeus, Astronomical Algorithms (1991), chapter 8. */
function easterSunday(year: number): number {
  const a = year % 19;
  const [b, c] = [Math.floor(year / 100), year % 100];
  const [d, e] = [Math.floor(b / 4), b % 4];
  const g = Math.floor((b - Math.floor((b + 8) / 25) + 1) / 3);
  const h = (19 * a + b - d - g + 15) % 30;
  const [i, k] = [Math.floor(c / 4), c % 4];
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const n = h + l - 7 * m + 114;
  return dayNumber(year, Math.floor(n / 31), (n % 31) + 1);
}
