// GRU forward, reset gate before the product, a run of time steps in one dispatch, weights kept in workgroup
// memory. The loop and its constants: lib/gru_reset_before_loop; also WEIGHTS.
// #import gru_reset_before_loop
// #import resident_weights
