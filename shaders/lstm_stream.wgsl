// LSTM forward, a run of time steps in one dispatch, weights read at every step. The loop and its constants:
// lib/lstm_loop.
// #import lstm_loop
// #import streamed_weights
