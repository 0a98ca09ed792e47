// GRU backward, reset gate before the product, a run of time steps in one dispatch, weights read at every step.
// The loop and its constants: lib/gru_reset_before_backward_loop.
// #import gru_reset_before_backward_loop
// #import streamed_weights
