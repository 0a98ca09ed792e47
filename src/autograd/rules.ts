import type { Op } from "../ops/op.ts";
import type { Ops } from "../ops/ops.ts";

/** What the reverse pass knows of operations: how to write them, and each one's own rules. */
export interface Rules {
  readonly ops: Ops;
  readonly registry: ReadonlyMap<string, Op>;
}
