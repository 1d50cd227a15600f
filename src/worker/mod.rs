//! The shell around a session in a Web Worker: reads a message, lets the session answer, sends the
//! answers back. Messages travel as postcard bytes in array buffers that change hands uncopied.
//!
//! Upstream: none.

mod slice;
mod wire;

#[cfg(target_arch = "wasm32")]
mod shell;

#[cfg(target_arch = "wasm32")]
pub use shell::start;
pub use slice::next_slice;
pub use wire::{from_bytes, to_bytes};
