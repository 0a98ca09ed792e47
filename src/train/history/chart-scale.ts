/** A round number on an axis, and where it lies: 0 at the beginning, 1 at the end. */
export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** An axis: where values lie on it, and its round numbers. */
export interface Scale {
  readonly ticks: readonly Tick[];
  position(value: number): number;
}

/** An axis from a round number to a round number, with about `count` steps. */
export function linearScale(values: readonly number[], count: number): Scale {
  const { start, end, step } = roundRange(values, count);
  const position = (value: number): number => (value - start) / (end - start);
  return {
    ticks: steps(start, end, step).map((value) => tick(value, { position, step, end })),
    position,
  };
}

/** An axis of equal ratios, for values above 0. */
export function logScale(values: readonly number[], count: number): Scale {
  const [low, high] = [minimum(values), maximum(values)];
  const plain = roundRange(values, count);
  // Powers of ten are too far apart there.
  if (high / low < 3 && plain.start > 0) {
    const { start, end, step } = plain;
    const position = logPosition(start, end);
    const ticks = steps(start, end, step).map((value) => tick(value, { position, step, end }));
    return { ticks, position };
  }
  const start = nearestFactor(low * (1 + 1e-9), -1);
  const end = nearestFactor(high * (1 - 1e-9), 1);
  const position = logPosition(start, end);
  const inside = logTicks(start, end, count);
  const isPlain = inside.every((value) => value >= 1e-4 && value < 1e6);
  const label = (value: number): string =>
    isPlain || value === 1 ? String(value) : value.toExponential().replace("e+", "e");
  return { ticks: inside.map((value) => ({ at: position(value), label: label(value) })), position };
}

/** An axis of whole numbers; one number alone lies in the middle. */
export function epochScale(first: number, last: number, count: number): Scale {
  if (first === last) {
    return { ticks: [{ at: 0.5, label: String(first) }], position: () => 0.5 };
  }
  const step = Math.max(1, roundStep((last - first) / Math.max(1, count)));
  const position = (value: number): number => (value - first) / (last - first);
  const rounds = steps(Math.ceil(first / step) * step, last, step);
  // The first epoch has a label of its own where there is room before the first round number.
  const isFirstFree = ((rounds[0] ?? last) - first) / step >= 0.7;
  const values = isFirstFree ? [first, ...rounds] : rounds;
  return {
    ticks: values.map((value) => ({ at: position(value), label: String(value) })),
    position,
  };
}

/** Round numbers below and above the values, and the step between round numbers. */
function roundRange(
  values: readonly number[],
  count: number,
): { start: number; end: number; step: number } {
  let [from, to] = [minimum(values), maximum(values)];
  const middle = (from + to) / 2;
  // Values that are (nearly) the same lie in the middle: steps between them would get lost in rounding.
  if (to - from <= Math.abs(middle) * 1e-6) {
    const half = Math.abs(middle) * 0.1 || 1;
    [from, to] = [middle - half, middle + half];
  }
  const step = roundStep((to - from) / Math.max(1, count));
  const start = Math.floor(round(from / step)) * step;
  return { start, end: Math.ceil(round(to / step)) * step, step };
}

/** 1, 2 or 5 times a power of ten, not below `least`. */
function roundStep(least: number): number {
  const power = Math.floor(Math.log10(least));
  const share = least / 10 ** power;
  const factor = [1, 2, 5, 10].find((one) => one >= share * (1 - 1e-9)) ?? 10;
  return Number(`${factor}e${power}`);
}

/** Multiples of `step`, `start` being one of them. */
function steps(start: number, end: number, step: number): number[] {
  const first = Math.round(start / step);
  const last = Math.floor(end / step + 1e-6);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

function tick(
  value: number,
  { position, step, end }: { position: (value: number) => number; step: number; end: number },
): Tick {
  const exponent = Math.floor(Math.log10(step) + 1e-9);
  const isFixed = Math.abs(end) < 1e7 && exponent >= -5;
  const near = Math.abs(value) < step / 2 ? 0 : value;
  const digits = near === 0 ? 0 : Math.max(0, Math.floor(Math.log10(Math.abs(near))) - exponent);
  const label = isFixed
    ? near.toFixed(Math.max(0, -exponent))
    : near === 0
      ? "0"
      : near.toExponential(Math.min(digits, 8)).replace("e+", "e");
  return { at: position(value), label };
}

/** 1, 2 or 5 times a power of ten: the last one up to `value`, or (`side` 1) the first one from it on. */
function nearestFactor(value: number, side: -1 | 1): number {
  const power = Math.floor(Math.log10(value));
  const all = [power, power + 1].flatMap((p) =>
    [1, 2, 5].map((factor) => Number(`${factor}e${p}`)),
  );
  const found = side < 0 ? all.findLast((one) => one <= value) : all.find((one) => one >= value);
  return found ?? value;
}

/** Round numbers from `start` to `end`: 1, 2, 5, or powers of ten, as many as there is room for. */
function logTicks(start: number, end: number, count: number): number[] {
  const [first, last] = [Math.floor(Math.log10(start)), Math.ceil(Math.log10(end))];
  const candidate = (factors: readonly number[], stride: number): number[] => {
    // Multiples of the stride, so that 1 is among them.
    const powers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    return powers
      .filter((power) => power % stride === 0)
      .flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`)))
      .filter((value) => value >= start * (1 - 1e-9) && value <= end * (1 + 1e-9));
  };
  for (const factors of [
    [1, 2, 5],
    [1, 3],
  ]) {
    const found = candidate(factors, 1);
    if (found.length <= count + 1) return found;
  }
  let stride = 1;
  while (candidate([1], stride).length > count + 1) stride++;
  return candidate([1], stride);
}

function logPosition(start: number, end: number): (value: number) => number {
  const length = Math.log(end / start);
  return (value) => Math.log(value / start) / length;
}

/** Without the last bits, in which 0.3 / 0.1 is not 3. */
function round(value: number): number {
  const nearest = Math.round(value);
  return Math.abs(value - nearest) < 1e-9 * Math.max(1, Math.abs(nearest)) ? nearest : value;
}

// Not Math.min(...values): a hundred thousand arguments are too many.
function minimum(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Infinity);
}

function maximum(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), -Infinity);
}
