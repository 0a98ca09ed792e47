// GRU forward, reset gate after the product, a run of time steps in one dispatch, weights read at every step. The
// loop and its constants: lib/gru_loop.
// #import gru_loop
// #import streamed_weights
