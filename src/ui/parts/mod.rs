//! The parts that the page is put together from.
//!
//! Upstream: none.

pub mod console;
pub mod detail;
pub mod dialogs;
mod dots;
pub mod editor;
pub mod header;
mod icons;
pub mod map;
pub mod node;
mod node_menu;
pub mod notices;
mod picture;
mod pods;
pub mod problems;
pub mod splitter;
pub mod tabs;
pub mod timebar;
pub mod timeline;
