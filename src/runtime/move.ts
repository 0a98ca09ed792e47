import type { MovedPart } from "./memory-book.ts";
import type { SubmitContext } from "./submit.ts";

/** Contents of variables go to other places, in turn with the runs. */
export interface Move {
  readonly kind: "move";
  readonly parts: readonly MovedPart[];
  /** Failures of runs that filled the variables. */
  readonly upstream: readonly Promise<Error | null>[];
  /** Settles how the variables are from now on: null when nothing went wrong. */
  readonly settle: (error: Error | null | Promise<Error | null>) => void;
}

/** Copies all parts, in one submit. */
export function submitMove({ parts, upstream, settle }: Move, context: SubmitContext): void {
  const { device, book, gate, faults } = context;
  const { result: done, error } = faults.scope("packing variables", () => {
    const encoder = device.createCommandEncoder({ label: "sluice pack variables" });
    for (const { from, to, bytes } of parts) {
      const source = book.bufferOf(from.block, device.queue);
      const target = book.bufferOf(to.block, device.queue);
      if (bytes > 0) encoder.copyBufferToBuffer(source, from.offset, target, to.offset, bytes);
    }
    return gate.submit([encoder.finish()]);
  });
  const health = async (): Promise<Error | null> => {
    const before = await Promise.all(upstream);
    await done;
    return before.find((one) => one !== null) ?? (await error) ?? faults.lost;
  };
  settle(health());
}
