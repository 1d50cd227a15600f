//! The text language of stories.
//!
//! Upstream: see the files.
