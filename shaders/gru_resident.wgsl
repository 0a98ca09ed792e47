// GRU forward, reset gate after the product, a run of time steps in one dispatch, weights kept in workgroup
// memory. The loop and its constants: lib/gru_loop; also WEIGHTS.
// #import gru_loop
// #import resident_weights
