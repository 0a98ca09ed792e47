// Dropout of the weights of attention. For kernels with lib/attention.wgsl.
// #import random

struct Words { dropout_key: i32 }

@group(0) @binding(1) var<uniform> words: Words;

const HAS_DROPOUT = true;

// 0 where dropout takes a weight away, else what the weight is multiplied by. Drawn by its place in [B, N, T, S], so that
// the backward pass draws the same.
fn dropout_factor(head: Head, query: u32, source: u32) -> f32 {
  let row = (head.batch * params.heads + head.head) * params.time + query;
  let drawn = random_uniform(words.dropout_key, bitcast<i32>(row * params.source + source));
  return select(0.0, 1.0 / (1.0 - params.dropout), drawn >= params.dropout);
}
