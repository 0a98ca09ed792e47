// Rule of optimizer_update.wgsl: Adadelta.
//   v += (1 - rho) * (g^2 - v)
//   step = g * sqrt(d + epsilon) / sqrt(v + epsilon);   d += (1 - rho) * (step^2 - d)
//   p -= rate * step
// Numbers: 5 1 - rho, 6 epsilon.
// Zeiler 2012, arXiv:1212.5701.
@group(0) @binding(6) var<storage, read_write> v: array<f32>;
@group(0) @binding(7) var<storage, read_write> d: array<f32>;

fn updated(i: u32, p: f32, gradient: f32, rate: f32) -> f32 {
  let g = squarable(gradient);
  let square = v[i] + number(5u) * (g * g - v[i]);
  let step = g / sqrt(square + number(6u)) * sqrt(d[i] + number(6u));
  v[i] = square;
  d[i] = d[i] + number(5u) * (step * step - d[i]);
  return p - rate * step;
}
