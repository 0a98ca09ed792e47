import { ArgumentError } from "../../errors.ts";
import { nearestName } from "../../names/resolve.ts";
import type { Logs } from "../callbacks/callback-hooks.ts";

/** The figures of finished epochs, epoch by epoch. */
export interface HistoryRows {
  /** Numbers of the epochs, from 0. */
  readonly epochs: readonly number[];
  readonly rows: readonly Logs[];
}

/** One figure at the end of an epoch, which counts from 1 here. */
export interface CurvePoint {
  readonly epoch: number;
  readonly value: number;
}

/** What one panel shows. */
export interface MetricCurves {
  /** Name of the metric, without `val_`. */
  readonly name: string;
  readonly training: readonly CurvePoint[];
  readonly validation: readonly CurvePoint[];
}

/**
 * The curves of these metrics; of all where nothing is said.
 * @throws {ArgumentError} for a metric that there is not; the message gives the nearest.
 */
export function curvesOf(
  { epochs, rows }: HistoryRows,
  metrics: readonly string[] | null,
): MetricCurves[] {
  const all = rows.flatMap((row) => Object.keys(row));
  const known = new Set(all.map(withoutVal));
  const wanted = metrics === null ? known : new Set(metrics.map(withoutVal));
  const unknown = [...wanted].find((name) => !known.has(name));
  if (unknown !== undefined && known.size > 0) {
    const nearest = nearestName(unknown, [...known]);
    const hint = nearest === null ? "" : ` Did you mean "${nearest}"?`;
    throw new ArgumentError(
      `history.toSVG: there is no metric "${unknown}".${hint} Expected some of ${[...known].join(", ")}.`,
    );
  }
  const pointsOf = (name: string): CurvePoint[] =>
    rows.flatMap((row, i) => {
      const value = row[name];
      return value === undefined ? [] : [{ epoch: (epochs[i] ?? i) + 1, value }];
    });
  return [...wanted].map((name) => ({
    name,
    training: pointsOf(name),
    validation: pointsOf(`val_${name}`),
  }));
}

/** `loss` for `loss` and `val_loss`. */
export function withoutVal(name: string): string {
  return name.replace(/^val_(?=.)/, "");
}
