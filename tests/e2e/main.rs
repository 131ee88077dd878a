//! One binary, a module per promise: the real application over loopback, with real sockets.

mod outcomes;
