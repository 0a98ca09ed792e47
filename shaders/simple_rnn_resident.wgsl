// simpleRNN forward, a run of time steps in one dispatch, weights kept in workgroup memory. The loop and its
// constants: lib/simple_rnn_loop; also WEIGHTS.
// #import simple_rnn_loop
// #import resident_weights
