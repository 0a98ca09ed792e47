/** What a program owns. */
export interface MemoryInfo {
  /** Variables and kept results that own GPU memory. */
  readonly numTensors: number;
  /** GPU buffers that they lie in. */
  readonly numDataBuffers: number;
  /** Bytes of their elements. */
  readonly numBytes: number;
  /** Always false: the count is exact. TF.js has the field. */
  readonly unreliable: boolean;
}
