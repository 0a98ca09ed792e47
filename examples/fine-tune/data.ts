import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as sl from "sluice";
import { calendarDay, DAY_FLAGS, dayFlags } from "../births/calendar.ts";
import { type Births, DATA_FILE, indexOfDay, parseBirths } from "../births/data.ts";

/** Days that a model sees. */
export const HISTORY = 14;
/** What it sees of a day: its births, and of the day after it weekday, place in the year and holidays. */
export const INPUTS = 1 + 7 + 2 + DAY_FLAGS.length;
/** Windows that the county has to train with. */
export const SAMPLES = 200;

/** One in so many births of the country is the county's: about 110 a day. */
const ONE_IN = 100;

/** Windows, each with the births of the day after it. */
export interface Samples {
  /** [B, 14, I] */
  readonly x: sl.Tensor;
  /** [B, 1], scaled. */
  readonly y: sl.Tensor;
}

/** The county's windows, and how its births were scaled. */
export interface County {
  /** 200 windows, a day apart, from 1 January 2011 on: to train with. */
  readonly samples: Samples;
  /** All windows of 2012 to 2014: to judge by. */
  readonly heldOut: Samples;
  /** Births a day that 1 stands for in the scaled numbers. */
  readonly deviation: number;
}

/** The country's windows of 2000 to 2010. */
export function countrySamples(): Samples {
  const births = readCountry();
  const known = births.counts.subarray(0, indexOfDay(births, 2011, [1, 1]));
  const scaled = sl.data.normalizer({ axis: null }).fit(known).transform(known);
  return samplesOf(scaled, births.firstDay);
}

/**
 * A county that counts since 1 January 2011: each birth of the country is one of its births with probability 1 in 100. It
 * is drawn, so that everybody can draw it again; nobody counted it.
 */
export async function drawCounty(seed: number): Promise<County> {
  const births = readCountry();
  const start = indexOfDay(births, 2011, [1, 1]);
  const heldOut = indexOfDay(births, 2012, [1, 1]) - start;
  const counts = await thin(births.counts.subarray(start), seed);
  const known = counts.subarray(0, HISTORY + SAMPLES);
  const scale = sl.data.normalizer({ axis: null }).fit(known);
  const firstDay = births.firstDay + start;
  return {
    samples: samplesOf(scale.transform(known), firstDay),
    heldOut: samplesOf(scale.transform(counts.subarray(heldOut)), firstDay + heldOut),
    deviation: Math.sqrt(scale.variance[0] ?? 1),
  };
}

function readCountry(): Births {
  const file = createRequire(import.meta.url).resolve(DATA_FILE);
  return parseBirths(readFileSync(file, "utf8"));
}

function samplesOf(scaled: Float64Array, firstDay: number): Samples {
  const inputs = Array.from(scaled, (births, t) => [births, ...calendarInputs(firstDay + t + 1)]);
  const { xs, ys } = sl.data.windows(inputs, { size: HISTORY, targets: scaled });
  return { x: xs, y: ys };
}

/** What is known of a day years ahead. */
function calendarInputs(number: number): number[] {
  const flags = dayFlags(number);
  const { weekday } = calendarDay(number);
  const angle = (2 * Math.PI * number) / 365.25;
  return [
    ...Array.from({ length: 7 }, (_, i) => Number(i === weekday)),
    Math.sin(angle),
    Math.cos(angle),
    ...DAY_FLAGS.map((flag) => Number(flags[flag])),
  ];
}

/** Binomial counts: how many births lie between two that are the county's is geometric. */
async function thin(counts: Float64Array, seed: number): Promise<Float64Array> {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const draws = Math.ceil((2 * total) / ONE_IN);
  const uniform = await sl.randomUniform([draws], 0, 1, "float32", seed).data();
  const gaps = uniform.map((u) => Math.floor(Math.log1p(-u) / Math.log1p(-1 / ONE_IN)));
  const own = new Float64Array(counts.length);
  let [day, seen, next, drawn] = [0, counts[0] ?? 0, gaps[0] ?? 0, 0];
  while (day < counts.length) {
    if (next < seen) {
      own[day] = (own[day] ?? 0) + 1;
      next += 1 + (gaps[++drawn] ?? 0);
    } else {
      seen += counts[++day] ?? 0;
    }
  }
  return own;
}
