// TEMPORARY STUB until the op is written.
import type { Op } from "./op.ts";
export const recurrentOps: readonly Op[] = [];
export const recurrent = (..._args: unknown[]): never => { throw new Error("recurrent: stub"); };
export const recurrentGradient = (..._args: unknown[]): never => { throw new Error("recurrentGradient: stub"); };
