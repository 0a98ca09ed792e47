import type { Canonical } from "../../src/compiler/canonical.ts";
import type { MemoryRef, Plan, PlanDispatch } from "../../src/compiler/plan.ts";
import type { DeviceLimits } from "../../src/gpu/limits.ts";
import { specBytes } from "../../src/graph/spec.ts";

/** What a dispatch does with a piece of memory; buffers from outside are told apart by the canonical form. */
interface Access {
  readonly buffer: string;
  readonly offset: number;
  readonly bytes: number;
  readonly writes: boolean;
}

/**
 * What must hold for every plan: WebGPU's rules of binding, the limits, ranges inside their buffers, and
 * nothing read that was not written before.
 * @throws {Error} naming the dispatch.
 */
export function checkPlan(plan: Plan, canonical: Canonical, limits: DeviceLimits): void {
  const written = new Written(plan);
  plan.dispatches.forEach((dispatch, at) => {
    const fail = (message: string): never => {
      throw new Error(`dispatch ${at} (${dispatch.label}): ${message}`);
    };
    const accesses = accessesOf(dispatch, canonical);
    checkAliases(accesses, fail);
    checkCounts(dispatch, limits, fail);
    dispatch.bindings.forEach((memory, i) => {
      checkRange(plan, { memory, limits }, fail);
      if (!accesses[i]?.writes && !written.has(memory))
        fail(`binding ${2 + i} reads what nobody wrote`);
    });
    dispatch.bindings.forEach((memory, i) => {
      if (accesses[i]?.writes) written.add(memory);
    });
  });
  for (const { memory, spec } of [...plan.outputs, ...plan.writes]) {
    const isThere = specBytes(spec) === 0 || written.has({ ...memory, bytes: specBytes(spec) });
    if (!isThere)
      throw new Error(`an output of ${spec.shape} is read from memory that nobody wrote`);
  }
}

type Fail = (message: string) => never;

/** One dispatch binds a buffer either read-only, or for writing without any overlap. */
function checkAliases(accesses: readonly Access[], fail: Fail): void {
  accesses.forEach((a, i) => {
    for (const b of accesses.slice(i + 1)) {
      if (a.buffer !== b.buffer || (!a.writes && !b.writes)) continue;
      if (a.writes !== b.writes) fail(`${a.buffer} is bound for reading and for writing`);
      if (a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes) {
        fail(`two bindings for writing overlap in ${a.buffer}`);
      }
    }
  });
}

function checkCounts(dispatch: PlanDispatch, limits: DeviceLimits, fail: Fail): void {
  const storage = [...dispatch.kernel.layout].filter((letter) => letter === "r" || letter === "w");
  if (storage.length !== dispatch.bindings.length) fail("layout and bindings differ in number");
  if (storage.length > limits.maxStorageBuffersPerShaderStage) fail("too many buffers");
  if (dispatch.workgroups.some((n) => n > limits.maxComputeWorkgroupsPerDimension)) {
    fail(`too many workgroups: ${dispatch.workgroups.join(" x ")}`);
  }
  if (Math.max(dispatch.paramsBytes, dispatch.wordsBytes) > limits.maxUniformBufferBindingSize) {
    fail("a uniform block is too long");
  }
  if (dispatch.paramsOffset % 256 > 0 || dispatch.wordsOffset % 256 > 0) fail("a uniform is askew");
}

function checkRange(
  plan: Plan,
  { memory, limits }: { memory: MemoryRef; limits: DeviceLimits },
  fail: Fail,
): void {
  if (memory.offset % 256 !== 0) fail(`a binding begins at ${memory.offset}`);
  if (memory.bytes > limits.maxStorageBufferBindingSize)
    fail(`a binding has ${memory.bytes} bytes`);
  const slot = plan.slots[memory.index] ?? -1;
  if (memory.kind === "slot" && memory.offset + memory.bytes > slot) {
    fail(`a binding ends at ${memory.offset + memory.bytes} of a slot of ${slot} bytes`);
  }
}

function accessesOf(dispatch: PlanDispatch, { leaves }: Canonical): Access[] {
  const letters = [...dispatch.kernel.layout].slice(2);
  return dispatch.bindings.map(({ kind, index, offset, bytes }, i) => {
    const place = kind === "leaf" ? leaves[index]?.place : undefined;
    return {
      buffer: place ? `variable buffer ${place.buffer}` : `${kind} ${index}`,
      offset: offset + (place?.offset ?? 0),
      bytes,
      writes: letters[i] === "w",
    };
  });
}

/** Which bytes of which slots have content. Leaves and tables always have. */
class Written {
  readonly #ranges = new Map<number, { from: number; to: number }[]>();

  constructor(plan: Plan) {
    for (const { slot, bytes } of plan.leaves) {
      if (slot >= 0) this.add({ kind: "slot", index: slot, offset: 0, bytes });
    }
  }

  add({ kind, index, offset, bytes }: MemoryRef): void {
    if (kind !== "slot") return;
    const ranges = this.#ranges.get(index) ?? [];
    ranges.push({ from: offset, to: offset + bytes });
    this.#ranges.set(index, ranges);
  }

  /** An arena is read whole, its padding included, so gaps shorter than a grain count as written. */
  has({ kind, index, offset, bytes }: MemoryRef): boolean {
    if (kind !== "slot") return true;
    let reached = offset;
    const isNear = (to: number): boolean =>
      to <= reached || (reached > offset && to - reached < 256);
    const ranges = [...(this.#ranges.get(index) ?? [])].sort((a, b) => a.from - b.from);
    for (const { from, to } of ranges) if (isNear(from)) reached = Math.max(reached, to);
    return isNear(offset + bytes);
  }
}
