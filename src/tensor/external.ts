import { ArgumentError } from "../errors.ts";
import type { ApplicationBufferBinding } from "../gpu/application-types.ts";
import { BufferUsage } from "../gpu/constants.ts";
import { ALIGNMENT } from "../graph/arena-layout.ts";
import type { Value } from "../graph/node.ts";
import { formatSpec, type Spec, specBytes } from "../graph/spec.ts";
import { readLeaf } from "../ops/leaves.ts";
import { currentEngine } from "./current.ts";
import { sourceOf } from "./kept.ts";

/** A leaf that reads the application's buffer. @throws {ArgumentError} when it cannot. */
export function externalLeaf(buffer: GPUBuffer, spec: Spec, offset: number): Value {
  const needed = BufferUsage.storage | BufferUsage.copySrc;
  if ((buffer.usage & needed) !== needed) {
    throw new ArgumentError(
      `Tensor.fromBuffer: the buffer${named(buffer)} has usage 0x${buffer.usage.toString(16)}. Expected ` +
        "GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC among it.",
    );
  }
  const end = offset + specBytes(spec);
  if (!Number.isInteger(offset) || offset < 0 || offset % ALIGNMENT !== 0) {
    throw new ArgumentError(
      `Tensor.fromBuffer: offset ${offset}. Expected a multiple of ${ALIGNMENT} bytes.`,
    );
  }
  if (end > buffer.size) {
    throw new ArgumentError(
      `Tensor.fromBuffer: ${formatSpec(spec)} from byte ${offset} ends at byte ${end}, the buffer${named(buffer)} at ` +
        `${buffer.size}. Expected a shape that lies inside the buffer.`,
    );
  }
  return readLeaf(currentEngine().book.adopt(spec, { buffer, offset }));
}

/** The leaf again, as its buffer is now. @throws {ArgumentError} when it is none of the application's. */
export function touchedLeaf(value: Value): Value {
  const from = sourceOf(value);
  if (from?.kind !== "storage" || from.storage.kind !== "external") {
    throw new ArgumentError(
      `touch: the tensor of ${formatSpec(value.spec)} does not lie in a buffer of the application. Expected one ` +
        "made by Tensor.fromBuffer; a variable takes assign().",
    );
  }
  from.storage.version++;
  return readLeaf(from.storage);
}

/** A handle's value as it is now: another tensor in the same buffer may have been touched. */
export function leafNow(value: Value): Value {
  const from = value.node.source;
  if (from?.kind !== "storage" || from.storage.kind !== "external") return value;
  return from.version === from.storage.version ? value : readLeaf(from.storage);
}

/** Where a value that lies on the GPU does so; it stays there from now on. */
export async function sharedBuffer(value: Value): Promise<ApplicationBufferBinding> {
  const from = sourceOf(value);
  if (from?.kind !== "storage") throw new RangeError("the value does not lie on the GPU");
  from.storage.shared = true;
  const { buffer, offset } = await currentEngine().bufferOf(from.storage);
  return { buffer, offset, size: Math.max(4, specBytes(value.spec)) };
}

function named(buffer: GPUBuffer): string {
  return buffer.label ? ` "${buffer.label}"` : "";
}
