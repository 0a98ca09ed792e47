// GRU forward, reset gate before the product, a run of time steps in one dispatch, weights read at every step. The
// loop and its constants: lib/gru_reset_before_loop.
// #import gru_reset_before_loop
// #import streamed_weights
