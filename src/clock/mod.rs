//! Simulated time, the heap of things to come, seeded draws and the digest of a state.
//!
//! Upstream: none; Go's runtime clock and `math/rand` are what these replace.

mod digest;
mod digested;
mod heap;
mod seed;
mod time;

pub use digest::{Digest, digest_of, push_hex};
pub use digested::Digested;
pub use heap::Heap;
pub use seed::Seed;
pub use time::{SimTime, Span};
