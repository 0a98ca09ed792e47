// GRU backward, reset gate after the product, a run of time steps in one dispatch, weights kept in workgroup
// memory. The loop and its constants: lib/gru_backward_loop; also WEIGHTS.
// #import gru_backward_loop
// #import resident_weights
