import fc from "fast-check";
import { describe, test } from "vitest";
import { concat, type Tensor, tensor, where } from "../../src/tensor/index.ts";
import { randomSource } from "../helpers/random-values.ts";
import {
  type Direction,
  expectSameWays,
  type LawCase,
  type LawCell,
  lawCases,
  Subject,
} from "./law-case.ts";
import { CELLS } from "./recurrent-case.ts";

/** A law: directions in which it holds, and one try of it. */
interface Law {
  readonly directions: readonly Direction[];
  readonly check: (cell: LawCell, of: LawCase) => Promise<void>;
}

const LAWS: Readonly<Record<string, Law>> = {
  "step by step is the whole sequence": {
    directions: ["forward", "backwards"],
    check: async (cell, of) => {
      const subject = new Subject(cell, of);
      const [mask, { x }] = [subject.mask(), subject];
      const steps = (): Tensor[] => {
        const outputs: Tensor[] = [];
        let states: readonly Tensor[] = subject.states;
        for (let i = 0; i < of.time; i++) {
          const t = of.direction === "forward" ? i : of.time - 1 - i;
          const step = subject.run(
            x.slice([0, t, 0], [-1, 1, -1]),
            states,
            mask.slice([0, t], [-1, 1]),
          );
          const [output, ...last] = step as [Tensor, ...Tensor[]];
          outputs.push(output);
          states = last;
        }
        return [concat(outputs, 1), ...states];
      };
      const whole = (): Tensor[] => subject.run(x, subject.states, mask);
      await expectSameWays({ subject, run: whole }, { subject, run: steps });
    },
  },

  "reversed input by goBackwards is the input forward": {
    directions: ["forward"],
    check: async (cell, of) => {
      const forward = new Subject(cell, of);
      const backwards = new Subject(cell, { ...of, direction: "backwards" });
      const mask = forward.mask();
      const turned = (): Tensor[] =>
        backwards.run(backwards.x.reverse(1), backwards.states, mask.reverse(1));
      await expectSameWays(
        { subject: forward, run: () => forward.run(forward.x, forward.states, mask) },
        { subject: backwards, run: turned },
      );
    },
  },

  "masked steps anywhere are as if they were not there": {
    directions: ["forward", "backwards", "both"],
    check: async (cell, of) => {
      const subject = new Subject(cell, of);
      const { batch, features } = of;
      const places = interleaved(of);
      const flags = Array.from({ length: batch }, () => places.map((place) => place !== null));
      const mask = tensor(flags.flat(), [batch, places.length]);
      const filling = tensor(new Float32Array(batch * features).fill(3), [batch, 1, features]);
      const long = (): Tensor[] => {
        const steps = places.map((t) =>
          t === null ? filling : subject.x.slice([0, t, 0], [-1, 1, -1]),
        );
        const [y, ...states] = subject.run(concat(steps, 1), subject.states, mask);
        // The outputs of goBackwards come in the order in which they were computed.
        const order = of.direction === "backwards" ? places.toReversed() : places;
        const kept = order.flatMap((place, i) => (place === null ? [] : [i]));
        return [(y as Tensor).gather(kept, 1), ...states];
      };
      await expectSameWays({ subject, run: () => subject.run(subject.x) }, { subject, run: long });
    },
  },

  "a batch is its rows one by one": {
    directions: ["forward", "backwards", "both"],
    check: async (cell, of) => {
      const subject = new Subject(cell, of);
      const [mask, { x }] = [subject.mask(), subject];
      const rows = (): Tensor[] => {
        const results = Array.from({ length: of.batch }, (_, b) =>
          subject.run(
            x.slice([b, 0, 0], [1, -1, -1]),
            subject.states.map((state) => state.slice([b, 0], [1, -1])),
            mask.slice([b, 0], [1, -1]),
          ),
        );
        const [first = []] = results;
        return first.map((_, i) => concat(results.map((row) => row[i] as Tensor)));
      };
      const whole = (): Tensor[] => subject.run(x, subject.states, mask);
      await expectSameWays({ subject, run: whole }, { subject, run: rows });
    },
  },

  "NaN in masked input reaches nothing": {
    directions: ["forward", "backwards", "both"],
    check: async (cell, of) => {
      const subject = new Subject(cell, of);
      const [mask, { x }] = [subject.mask(), subject];
      const poisoned = (): Tensor => where(mask.expandDims(-1), x, Number.NaN);
      await expectSameWays(
        { subject, run: () => subject.run(x, subject.states, mask) },
        { subject, run: () => subject.run(poisoned(), subject.states, mask) },
      );
    },
  },
};

/** The times of a sequence in order, with up to four places that are null among, before and behind them. */
function interleaved({ time, seed }: LawCase): (number | null)[] {
  const next = randomSource(seed + 99);
  const places: (number | null)[] = Array.from({ length: time }, (_, t) => t);
  const count = 1 + Math.floor(4 * next());
  for (let i = 0; i < count; i++) places.splice(Math.floor((places.length + 1) * next()), 0, null);
  return places;
}

/** Tests of all laws for all cells, with `numRuns` tries each. */
export function describeLaws({ numRuns }: { numRuns: number }): void {
  const seed = Number(process.env.SLUICE_FUZZ_SEED ?? Date.now() % 1_000_000_000);
  console.log(`laws of recurrent layers: SLUICE_FUZZ_SEED=${seed}`);
  describe.each(Object.entries(LAWS))("%s", (_, { directions, check }) => {
    test.each(CELLS)("$name", async (cell) => {
      const property = fc.asyncProperty(lawCases(directions), (of) => check(cell, of));
      await fc.assert(property, { seed, numRuns });
    });
  });
}
