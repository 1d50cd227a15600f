//! The recordings of the real cluster, as they lie beside this file.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A recorded case: its name (`A3.json`) and what it says.
pub struct Recording {
    pub name: String,
    pub value: Value,
}

/// A path below tests/fidelity.
pub fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fidelity")
        .join(path)
}

/// A text file below tests/fidelity; empty if it isn't there.
pub fn read(path: &str) -> String {
    fs::read_to_string(here(path)).unwrap_or_default()
}

/// Every recording, by name.
pub fn all() -> Vec<Recording> {
    let files = fs::read_dir(here("recordings")).expect("the folder of recordings");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "gz"));
    files.sort();
    files.iter().map(|file| load(file)).collect()
}

fn load(file: &Path) -> Recording {
    let bytes = fs::read(file).expect("a readable recording");
    let text = String::from_utf8(gunzip(&bytes)).expect("UTF-8");
    Recording {
        name: file.file_stem().expect("a name").to_string_lossy().into(),
        value: serde_json::from_str(&text).expect("JSON"),
    }
}

/// Unpacks what `gzip -n` packed: ten bytes of head, the stream, eight bytes of tail.
fn gunzip(bytes: &[u8]) -> Vec<u8> {
    assert_eq!(bytes[..4], [0x1f, 0x8b, 8, 0], "packed by `gzip -n`");
    let stream = &bytes[10..bytes.len() - 8];
    miniz_oxide::inflate::decompress_to_vec(stream).expect("a whole gzip file")
}
