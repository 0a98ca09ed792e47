// LSTM forward, a run of time steps in one dispatch, weights kept in workgroup memory. The loop and its constants:
// lib/lstm_loop; also WEIGHTS.
// #import lstm_loop
// #import resident_weights
