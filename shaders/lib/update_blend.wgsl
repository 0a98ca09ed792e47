// Rule of optimizer_update.wgsl for what optimizers keep beside their slots: running means and sums of others.
//   p += share * (factor * g - p)      share 1: p = factor * g, to the bit
// Numbers: 5 share, 6 factor.

fn updated(i: u32, p: f32, g: f32, rate: f32) -> f32 {
  let other = number(6u) * g;
  return select(p + number(5u) * (other - p), other, number(5u) >= 1.0);
}
