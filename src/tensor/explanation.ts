import type { Plan } from "../compiler/plan.ts";

/** One dispatch, for people. */
export interface ExplainedDispatch {
  readonly label: string;
  readonly kernel: string;
  readonly workgroups: readonly [number, number, number];
  readonly flops: number;
  readonly bytes: number;
  /** Which of several ways the time loop of a recurrent layer takes, and why; null elsewhere. */
  readonly note: string | null;
}

/** What would run to compute tensors. */
export interface Explanation {
  readonly dispatches: readonly ExplainedDispatch[];
  /** Sizes in bytes of the scratch buffers that the plan shares with all others. */
  readonly scratch: readonly number[];
  readonly flops: number;
  readonly bytes: number;
  /** The whole as a table; dispatches that come again and again, as in a loop, stand there once. */
  toString(): string;
}

/** A plan for people. */
export function explainPlan(plan: Plan): Explanation {
  const dispatches = plan.dispatches.map((dispatch) => ({
    label: dispatch.label,
    kernel: dispatch.kernel.name,
    workgroups: dispatch.workgroups,
    flops: dispatch.flops,
    bytes: dispatch.bytes,
    note: dispatch.note,
  }));
  const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
  const flops = sum(dispatches.map((dispatch) => dispatch.flops));
  const bytes = sum(dispatches.map((dispatch) => dispatch.bytes));
  const total =
    `${dispatches.length} dispatches, ${flops.toExponential(2)} flop, ${bytes.toExponential(2)} bytes moved, ` +
    `${plan.slots.length} scratch buffers of ${sum(plan.slots)} bytes`;
  const toText = (): string => [...folded(dispatches), total].join("\n");
  return { dispatches, scratch: plan.slots, flops, bytes, toString: toText };
}

/** A row for each dispatch; a block that comes several times in a row stands there once, with how often. */
function folded(dispatches: readonly ExplainedDispatch[]): string[] {
  const texts = dispatches.map(rowOf);
  const rows: string[] = [];
  for (let at = 0; at < texts.length; ) {
    const { length, times } = blockAt(texts, at);
    if (times > 1) rows.push(`      ${times} times:`);
    for (let i = at; i < at + length; i++) {
      rows.push(`${String(i).padStart(4)}  ${times > 1 ? "  " : ""}${texts[i]}`);
    }
    at += length * times;
  }
  return rows;
}

/** Steps of a loop have some dozens of dispatches at most. */
const LONGEST_BLOCK = 64;

/** The block at a place that saves most rows: its length, and how often it stands there. */
function blockAt(texts: readonly string[], at: number): { length: number; times: number } {
  let best = { length: 1, times: 1 };
  for (let length = 1; length <= LONGEST_BLOCK && at + 2 * length <= texts.length; length++) {
    let same = 0;
    while (texts[at + same] === texts[at + length + same] && at + length + same < texts.length) {
      same++;
    }
    const times = 1 + Math.floor(same / length);
    if (times > 1 && length * (times - 1) > best.length * (best.times - 1))
      best = { length, times };
  }
  return best;
}

function rowOf({ label, workgroups, flops, bytes, note }: ExplainedDispatch): string {
  return (
    `${label.padEnd(40)} ${workgroups.join("×").padStart(12)} groups ${flops.toExponential(1).padStart(9)} flop ` +
    `${bytes.toExponential(1).padStart(9)} B${note === null ? "" : `  ${note}`}`
  );
}
