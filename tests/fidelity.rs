//! The simulator held against recordings of a real cluster: tests/fidelity/README.md.

#[path = "fidelity/compare.rs"]
mod compare;
#[path = "fidelity/mask.rs"]
mod mask;
#[path = "fidelity/recordings.rs"]
mod recordings;
#[path = "fidelity/table.rs"]
mod table;
#[path = "fidelity/verdicts.rs"]
mod verdicts;
