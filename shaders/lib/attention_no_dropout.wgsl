// Attention without dropout, in place of lib/attention_dropout: every factor is 1, nothing is drawn and
// nothing of the generator is compiled.
const HAS_DROPOUT = false;

fn dropout_factor(_head: Head, _query: u32, _source: u32) -> f32 {
  return 1.0;
}
