import { DisposedError, TraceError } from "../errors.ts";
import type { ApplicationBuffer, ApplicationBufferBinding } from "../gpu/application-types.ts";
import type { DType, TypedArray } from "../graph/dtype.ts";
import type { Value } from "../graph/node.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";
import { formatSpec, specOf } from "../graph/spec.ts";
import { source } from "../ops/leaves.ts";
import { holdsResult, keepGroup, readWithGroup } from "./evaluate.ts";
import { externalLeaf, leafNow, sharedBuffer, touchedLeaf } from "./external.ts";
import { letGo, setKept, sourceOf } from "./kept.ts";
import { type NestedArray, toNested } from "./nested.ts";
import { formatTensor } from "./print.ts";
import { recording } from "./scope-state.ts";
import { noteTensor } from "./tidy-frame.ts";

let nextId = 1;

/**
 * An n-dimensional array whose values the GPU computes. A tensor is lazy: making one records an operation
 * and checks it; it runs when somebody waits for `data()`. Tensors never change; see `Variable`. Most
 * operations are methods too (`a.add(b)`): methods.ts puts them on.
 *
 * @example
 * const x = sl.tensor([[1, 2], [3, 4]]); // [2, 2]
 * const y = sl.matMul(x, x).add(1);
 * console.log(await y.array()); // [[8, 11], [16, 23]]
 */
export class Tensor {
  readonly id = nextId++;
  /** Tensors that one call returned together: reading one evaluates all, in one plan. */
  #group: readonly Tensor[] | null = null;
  #value: Value;
  #isDisposed = false;

  /** @internal Tensors are made by functions: `tensor`, `zeros`, operations. */
  constructor(value: Value) {
    this.#value = value;
    noteTensor(this);
    handles.set(value, (handles.get(value) ?? 0) + 1);
  }

  /** @internal */
  static of(value: Value): Tensor {
    return new Tensor(value);
  }

  /** @internal The graph's side of the tensor. @throws {DisposedError} after `dispose()`. */
  get value(): Value {
    if (this.#isDisposed) {
      throw new DisposedError(
        `A tensor of ${formatSpec(this.#value.spec)} was used after dispose(). Dispose it after its last use.`,
      );
    }
    this.#value = leafNow(this.#value);
    return this.#value;
  }

  /** Sizes of the axes; `[]` for a scalar. */
  get shape(): number[] {
    return [...this.#value.shape];
  }

  get dtype(): DType {
    return this.#value.dtype;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.#value.shape);
  }

  /** Number of axes. */
  get rank(): number {
    return this.#value.shape.length;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** @internal Not computed yet. */
  get isPending(): boolean {
    return !this.#isDisposed && sourceOf(this.#value) === null;
  }

  /** @internal Its content changes in place. */
  get isMutable(): boolean {
    return false;
  }

  /** @internal The tensors that came with this one; itself when it came alone. */
  get group(): readonly Tensor[] {
    return this.#group ?? [this];
  }

  /** @internal The tensors that came with the one that has this value. */
  static groupOf(value: Value): readonly Tensor[] {
    return groups.get(value) ?? [];
  }

  /** @internal */
  static group(tensors: readonly Tensor[]): void {
    for (const tensor of tensors) {
      tensor.#group = tensors;
      groups.set(tensor.#value, tensors);
    }
  }

  /**
   * The elements in row-major order, once the GPU has computed them: `Float32Array` (also of float16),
   * `Int32Array`, or `Uint8Array` of 0 and 1 for bool. The only wait there is.
   *
   * @throws {DisposedError | StaleReadError} when it can no longer be computed.
   * @throws {GpuError | DeviceLostError} when the GPU failed.
   */
  data(): Promise<TypedArray> {
    // Thrown, not rejected: a caller that does not wait for the values has to learn it as well.
    const recorded = recording();
    if (recorded) {
      throw new TraceError(
        `data() was called in ${recorded}: there are no values yet. Return the tensor and read it outside; to ` +
          "branch on a value use where().",
      );
    }
    return this.#read();
  }

  /**
   * A tensor in a buffer of the application, without a copy: other shaders' results as input. It is read when
   * something that uses it is evaluated; after your shaders have written it again, call `touch()`. The library
   * never writes it and never destroys it.
   *
   * @example
   * await sl.init({ device });
   * const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC;
   * const samples = device.createBuffer({ size: 4 * 1000, usage });
   * const x = sl.Tensor.fromBuffer(samples, [1000, 1]);
   *
   * @param buffer Of the device given to `init`, with usage STORAGE and COPY_SRC.
   * @param dtype Default float32. bool is a u32 of 0 or 1 an element.
   * @param offset Where the elements begin, in bytes; a multiple of 256. Default 0.
   * @throws {ArgumentError} when the buffer lacks a usage, or the elements do not lie inside it.
   */
  static fromBuffer(
    buffer: ApplicationBuffer,
    shape: Shape,
    dtype: DType = "float32",
    offset = 0,
  ): Tensor {
    return new Tensor(externalLeaf(buffer, specOf(shape, dtype), offset));
  }

  /**
   * The elements' place on the GPU, once they are computed, as a bind group takes it: an input of the
   * application's shaders, without a copy. What comes later on the device's queue finds them there.
   *
   * It is there until the tensor is disposed; a variable may be moved when an optimizer first takes it up, so
   * ask again. Do not write it, unless it is a variable of yours that nothing else is using.
   *
   * @example
   * const resource = await model.predict(x).buffer(); // { buffer, offset, size }
   * device.createBindGroup({ layout, entries: [{ binding: 0, resource }] });
   *
   * @throws as `data()` does.
   */
  async buffer(): Promise<ApplicationBufferBinding> {
    const recorded = recording();
    if (recorded) {
      throw new TraceError(
        `buffer() was called in ${recorded}: nothing is computed yet. Return the tensor and ask for its buffer ` +
          "outside.",
      );
    }
    if (sourceOf(this.value)?.kind !== "storage") keepGroup(this);
    return sharedBuffer(this.value);
  }

  /**
   * Says that other shaders have written the buffer that was given to `fromBuffer`. Lazy tensors made from it
   * before, also by way of other tensors in it, are stale from now on; what was evaluated stays.
   *
   * @throws {ArgumentError} when the tensor is none of `fromBuffer`.
   */
  touch(): void {
    this.#value = touchedLeaf(this.value);
  }

  async #read(): Promise<TypedArray> {
    const value = this.value;
    const from = sourceOf(value);
    if (from?.kind === "host") return from.data.slice();
    const data = await readWithGroup(this);
    return this.beginFrom(value, data) ? data.slice() : data;
  }

  /**
   * @internal Begins anew from what was read of it: the next read costs nothing, no GPU memory is held, and a loop that
   * reads each step does not hold on to all steps before.
   *
   * @returns false when it stays where it is: its content may change, its buffer was handed out.
   */
  beginFrom(value: Value, data: TypedArray): boolean {
    if (this.#isDisposed || this.isMutable || !holdsResult(value)) return false;
    setKept(value, { kind: "host", data });
    this.#value = source(value.spec, { kind: "host", data });
    return true;
  }

  /** `await t.data()`: WebGPU cannot block, so this only says so. */
  dataSync(): never {
    throw new TraceError(
      "dataSync() does not exist on WebGPU, which cannot block: use `await t.data()`.",
    );
  }

  /** The elements as nested arrays of the tensor's shape; a number (or boolean) for a scalar. */
  array(): Promise<NestedArray> {
    return this.data().then((data) => toNested(data, this.shape, this.dtype));
  }

  /** `await t.array()`: WebGPU cannot block, so this only says so. */
  arraySync(): never {
    throw new TraceError(
      "arraySync() does not exist on WebGPU, which cannot block: use `await t.array()`.",
    );
  }

  /** Writes shape and values to the console. */
  async print(): Promise<void> {
    console.log(await this.toText());
  }

  /** What `print` writes. Long axes are abridged. */
  async toText(): Promise<string> {
    return formatTensor(await this.data(), { shape: this.shape, dtype: this.dtype });
  }

  /** Ends this handle; memory that was kept for it is given back. Doing it twice is harmless. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    const left = (handles.get(this.#value) ?? 1) - 1;
    if (left > 0) handles.set(this.#value, left);
    else {
      handles.delete(this.#value);
      letGo(this.#value);
    }
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return `Tensor ${formatSpec(this.#value.spec)}`;
  }
}

/** How many handles a value has; when the last is disposed its memory goes. */
const handles = new WeakMap<Value, number>();

/** The groups again, for who meets one of their values in a graph. */
const groups = new WeakMap<Value, readonly Tensor[]>();
