//! Patches: strategic merge, JSON merge, JSON patch, and the three-way patch of apply.
//!
//! Upstream: `apimachinery/pkg/util/strategicpatch`.
