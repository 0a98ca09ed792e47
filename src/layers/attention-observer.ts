import type { Tensor } from "../tensor/index.ts";
import type { AnyLayer } from "./layer.ts";

/** Told of each attention: the layer, and the weights of the values [B, N, T, S] if it wants them. */
export type AttentionObserver = (layer: AnyLayer, scores: () => Tensor) => void;

let current: AttentionObserver | null = null;

/** Lets `observer` see every attention layer that is applied in `body`. */
export function observeAttention<T>(observer: AttentionObserver, body: () => T): T {
  const outer = current;
  current = observer;
  try {
    return body();
  } finally {
    current = outer;
  }
}

/** For attention layers, at each call. */
export function noticeAttention(layer: AnyLayer, scores: () => Tensor): void {
  current?.(layer, scores);
}
