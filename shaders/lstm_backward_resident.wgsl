// LSTM backward, a run of time steps in one dispatch, weights kept in workgroup memory. The loop and its constants:
// lib/lstm_backward_loop; also WEIGHTS.
// #import lstm_backward_loop
// #import resident_weights
