// Rule of optimizer_update.wgsl for what optimizers keep beside their slots: copies and running means.
//   p += share * (g - p)      share 1: p = g, to the bit
// Numbers: 5 share.

fn updated(i: u32, p: f32, g: f32, rate: f32) -> f32 {
  return select(p + number(5u) * (g - p), g, number(5u) >= 1.0);
}
