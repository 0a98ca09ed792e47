/** What an engine has done since it began; for tests and for those who tune. */
export interface Counters {
  /** Command buffers handed to the queue. */
  readonly submits: number;
  readonly dispatches: number;
  /** GPU buffers made: tensors, scratch and the blocks of plans. */
  readonly buffersCreated: number;
  readonly bindGroupsCreated: number;
  readonly pipelinesCreated: number;
  readonly plansCreated: number;
  readonly readbacks: number;
  /** Bytes of scratch memory that all plans share now. */
  readonly scratchBytes: number;
}
