// LSTM backward, a run of time steps in one dispatch, weights read at every step. The loop and its constants:
// lib/lstm_backward_loop.
// #import lstm_backward_loop
// #import streamed_weights
