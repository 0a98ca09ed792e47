// Attention without dropout: nothing to draw, nothing to compile. See attention_dropout.wgsl.
const HAS_DROPOUT = false;

fn dropout_factor(_head: Head, _query: u32, _source: u32) -> f32 {
  return 1.0;
}
