// simpleRNN forward, a run of time steps in one dispatch, weights read at every step. The loop and its constants:
// lib/simple_rnn_loop.
// #import simple_rnn_loop
// #import streamed_weights
