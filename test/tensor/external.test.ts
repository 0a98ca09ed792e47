import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, StaleReadError } from "../../src/errors.ts";
import { BufferUsage } from "../../src/gpu/constants.ts";
import { currentEngine } from "../../src/tensor/current.ts";
import {
  add,
  compile,
  memory,
  mul,
  ones,
  sum,
  Tensor,
  tensor,
  variable,
} from "../../src/tensor/index.ts";

let device: GPUDevice;
const made: GPUBuffer[] = [];

beforeAll(async () => {
  device = (await currentEngine().gpu()).device;
});

afterAll(() => {
  for (const buffer of made) buffer.destroy();
});

const usage = BufferUsage.storage | BufferUsage.copySrc | BufferUsage.copyDst;

function bufferOf(
  values: ArrayLike<number>,
  { bytes = 4 * values.length, at = 0 } = {},
): GPUBuffer {
  const buffer = device.createBuffer({ label: "app/samples", size: bytes, usage });
  device.queue.writeBuffer(buffer, at, Float32Array.from(values));
  made.push(buffer);
  return buffer;
}

/** The bytes at a place of the GPU, read by the test's own hands. */
async function readAt({ buffer, offset = 0, size = buffer.size }: GPUBufferBinding) {
  const copy = device.createBuffer({ size, usage: BufferUsage.mapRead | BufferUsage.copyDst });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, offset, copy, 0, size);
  device.queue.submit([encoder.finish()]);
  await copy.mapAsync(1);
  const data = [...new Float32Array(copy.getMappedRange().slice(0))];
  copy.destroy();
  return data;
}

describe("Tensor.fromBuffer", () => {
  test("reads the application's buffer, which owns its memory itself", async () => {
    const before = memory();
    const x = Tensor.fromBuffer(bufferOf([1, 2, 3, 4, 5, 6]), [2, 3]);
    expect(memory()).toEqual(before);
    expect(x.shape).toEqual([2, 3]);
    expect(await x.array()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect([...(await mul(x, x).data())]).toEqual([1, 4, 9, 16, 25, 36]);
    x.dispose();
    expect(memory()).toEqual(before);
  });

  test("begins at an offset, and may share a buffer with others", async () => {
    const buffer = bufferOf([7, 8], { bytes: 1024, at: 256 });
    device.queue.writeBuffer(buffer, 512, Int32Array.of(3, -4));
    const a = Tensor.fromBuffer(buffer, [2], "float32", 256);
    const b = Tensor.fromBuffer(buffer, [2], "int32", 512);
    expect([...(await add(a, b).data())]).toEqual([10, 4]);
  });

  test("is as large as it likes: nothing is copied", async () => {
    const values = Float32Array.from({ length: 70_000 }, (_, i) => i % 7);
    const x = Tensor.fromBuffer(bufferOf(values), [70_000]);
    const expected = values.reduce((a, b) => a + b, 0);
    expect(await sum(x).array()).toBe(expected);
  });

  test("is read at evaluation; touch() says that it was written", async () => {
    const buffer = bufferOf([1, 2]);
    const x = Tensor.fromBuffer(buffer, [2]);
    const early = mul(x, 10);
    const lazy = mul(x, 100);
    expect([...(await early.data())]).toEqual([10, 20]);
    device.queue.writeBuffer(buffer, 0, Float32Array.of(3, 4));
    x.touch();
    expect([...(await x.data())]).toEqual([3, 4]);
    expect([...(await mul(x, 10).data())]).toEqual([30, 40]);
    expect([...(await early.data())]).toEqual([10, 20]);
    await expect(lazy.data()).rejects.toThrow(StaleReadError);
    await expect(lazy.data()).rejects.toThrow(/app\/samples/);
  });

  test("is identified by its buffer: touch() on one tensor concerns all in it", async () => {
    const buffer = bufferOf([1, 2]);
    const [a, b] = [Tensor.fromBuffer(buffer, [2]), Tensor.fromBuffer(buffer, [2, 1])];
    const lazy = mul(b, 10);
    device.queue.writeBuffer(buffer, 0, Float32Array.of(3, 4));
    a.touch();
    await expect(lazy.data()).rejects.toThrow(StaleReadError);
    // The tensors themselves are read as they are now.
    for (const one of [a, b]) {
      expect([...(await one.data())]).toEqual([3, 4]);
      expect([...(await mul(one, 10).data())]).toEqual([30, 40]);
    }
    b.touch();
    expect([...(await add(a, a).data())]).toEqual([6, 8]);
  });

  test("is an input of compiled functions, as argument and from outside", async () => {
    const buffer = bufferOf([1, 2]);
    const x = Tensor.fromBuffer(buffer, [2]);
    const step = compile((y: Tensor) => add(mul(x, 10), y));
    expect([...(await step(x).data())]).toEqual([11, 22]);
    device.queue.writeBuffer(buffer, 0, Float32Array.of(5, 6));
    x.touch();
    expect([...(await step(x).data())]).toEqual([55, 66]);
    step.dispose();
  });

  test("refuses what cannot be bound", () => {
    const buffer = bufferOf([1, 2]);
    expect(() => Tensor.fromBuffer(buffer, [3])).toThrow(ArgumentError);
    expect(() => Tensor.fromBuffer(buffer, [3])).toThrow(/ends at byte 12.*at 8/);
    expect(() => Tensor.fromBuffer(buffer, [1], "float32", 4)).toThrow(/multiple of 256/);
    const blind = device.createBuffer({ size: 8, usage: BufferUsage.storage });
    made.push(blind);
    expect(() => Tensor.fromBuffer(blind, [2])).toThrow(/COPY_SRC/);
    expect(() => ones([2]).touch()).toThrow(/fromBuffer/);
  });
});

describe("buffer()", () => {
  test("evaluates and says where the elements lie", async () => {
    const y = mul(tensor([1, 2, 3]), 2);
    expect(await readAt(await y.buffer())).toEqual([2, 4, 6]);
    // Reading afterwards leaves it there.
    expect([...(await y.data())]).toEqual([2, 4, 6]);
    expect(await readAt(await y.buffer())).toEqual([2, 4, 6]);
    y.dispose();
  });

  test("holds what it gave out, even when a read was under way", async () => {
    const y = mul(tensor([1, 2]), 3);
    const read = y.data();
    const binding = await y.buffer();
    expect([...(await read)]).toEqual([3, 6]);
    await mul(tensor([50, 100]), 2).buffer();
    expect(await readAt(binding)).toEqual([3, 6]);
  });

  test("brings host data to the GPU, and what was read before", async () => {
    expect(await readAt(await tensor([1, 2]).buffer())).toEqual([1, 2]);
    const y = add(tensor([1, 2]), 1);
    await y.data();
    expect(await readAt(await y.buffer())).toEqual([2, 3]);
  });

  test("gives a variable's own memory, and the application's own buffer back", async () => {
    const x = variable([1, 2]);
    x.assign([3, 4]);
    expect(await readAt(await x.buffer())).toEqual([3, 4]);
    x.dispose();
    const buffer = bufferOf([5]);
    expect((await Tensor.fromBuffer(buffer, [1]).buffer()).buffer).toBe(buffer);
  });

  test("owns memory until the tensor is disposed", async () => {
    const before = memory();
    const y = mul(ones([1000]), 2);
    await y.buffer();
    expect(memory().numBytes - before.numBytes).toBe(4000);
    y.dispose();
    expect(memory()).toEqual(before);
  });
});
