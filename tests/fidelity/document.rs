//! docs/FIDELITY.md, made of the files' own headers, the figures of the recordings and the reasons
//! of the ratchet.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::compare::{Figures, Verdict};
use super::ratchet::Ratchet;

const INTRODUCTION: &str = "\
# How true is this?

Kube Orrery imitates Kubernetes v1.36. This page says what it is held to and where it differs. It is
written by `UPDATE_EXPECT=1 cargo test --test fidelity` from the headers of the source files and from
tests/fidelity, and a test compares it.

";

/// The whole page.
pub fn page(rows: &[(String, Figures)], ratchet: &Ratchet) -> String {
    let mut page = INTRODUCTION.to_string();
    page += &recordings(rows);
    page += &reasons(ratchet);
    page += "## What is served\n\n| kind | API version | short names |\n|---|---|---|\n";
    for kind in kube_orrery::api::KINDS {
        let short = kind.info().short.join(", ");
        page += &format!("| {} | {} | {short} |\n", kind.name(), kind.api_version());
    }
    page += "\nOther kinds are answered as a server answers that does not have them.\n\n";
    page += "## What each file imitates\n\nPaths are those of Kubernetes' own repository.\n\n";
    for (room, files) in rooms() {
        page += &room_section(&room, &files);
    }
    page.trim_end().to_string() + "\n"
}

fn recordings(rows: &[(String, Figures)]) -> String {
    let mut text = String::from(
        "## Held against recordings of a real cluster\n\n\
         Each step is a command whose output, errors and exit code are compared with what a real cluster\n\
         answered (tests/fidelity/README.md). A second run of the real cluster agrees with the first in\n\
         95-96% of the steps. Steps with verbs or kinds that are not here count as different.\n\n\
         Of chance, only the phase of a node's heartbeat is taken from a recording. With the recorded\n\
         moments of retries and pulls of neighbours as well, 96% of the steps are the same: the steps below\n\
         that are put down to chance. A test holds those.\n\n\
         | recording | steps | same | same but for the node | times or layout differ | different |\n\
         |---|---|---|---|---|---|\n",
    );
    let mut total = Figures::default();
    for (_, figures) in rows {
        total += figures;
    }
    let rows = rows
        .iter()
        .map(|(name, figures)| (name.trim_end_matches(".json"), figures));
    for (name, figures) in rows.chain([("all", &total)]) {
        let count = |verdict| figures.count(verdict);
        text += &format!(
            "| {name} | {} | {} | {} | {} | {} |\n",
            figures.verdicts.len(),
            count(Verdict::Same),
            count(Verdict::Placement),
            count(Verdict::Time) + count(Verdict::Layout),
            count(Verdict::Different),
        );
    }
    text + "\n"
}

/// The reasons for what differs, those with the most steps first.
fn reasons(ratchet: &Ratchet) -> String {
    let mut steps: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for ((name, _), entry) in ratchet {
        let name = name.trim_end_matches(".json");
        *steps
            .entry(&entry.reason)
            .or_default()
            .entry(name)
            .or_default() += 1;
    }
    let mut list: Vec<_> = steps.into_iter().collect();
    list.sort_by_key(|(_, cases)| std::cmp::Reverse(cases.values().sum::<usize>()));
    let mut text = String::from("Why steps differ, and in how many:\n\n");
    for (reason, cases) in list {
        let sum: usize = cases.values().sum();
        let cases: Vec<String> = cases
            .iter()
            .map(|(name, n)| format!("{name} {n}"))
            .collect();
        text += &format!("- {reason}: {sum} ({})\n", cases.join(", "));
    }
    text + "\n"
}

/// What a file's header says.
struct Header {
    /// `images.rs`, below the room.
    file: String,
    title: String,
    imitates: String,
    differs: String,
}

fn rooms() -> BTreeMap<String, Vec<Header>> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut rooms: BTreeMap<String, Vec<Header>> = BTreeMap::new();
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path
                .strip_prefix(&src)
                .expect("below src")
                .to_string_lossy();
            let name = name.replace('\\', "/");
            let text = fs::read_to_string(&path).expect("a source");
            if let (Some((room, file)), Some(mut header)) = (name.split_once('/'), header(&text)) {
                header.file = file.into();
                rooms.entry(room.into()).or_default().push(header);
            }
        }
    }
    for files in rooms.values_mut() {
        files.sort_by(|a, b| (a.file != "mod.rs", &a.file).cmp(&(b.file != "mod.rs", &b.file)));
    }
    rooms
}

/// Reads the header of a file; none if it says nothing of an upstream.
fn header(text: &str) -> Option<Header> {
    let lines = text.lines().map_while(|line| line.strip_prefix("//!"));
    let paragraphs = lines.map(str::trim).collect::<Vec<_>>().join("\n");
    let mut paragraphs = paragraphs.split("\n\n").map(|part| part.replace('\n', " "));
    let title = paragraphs.clone().next()?;
    let upstream = paragraphs.find_map(|p| p.strip_prefix("Upstream: ").map(str::to_string))?;
    let (imitates, differs) = upstream.split_once("Differs: ").unwrap_or((&upstream, ""));
    Some(Header {
        file: String::new(),
        title: title.trim_end_matches('.').into(),
        imitates: imitates.trim().trim_end_matches('.').into(),
        differs: differs.trim_end_matches('.').into(),
    })
}

fn room_section(room: &str, files: &[Header]) -> String {
    let is_own = |header: &&Header| header.imitates.starts_with("none");
    let (own, imitated): (Vec<&Header>, Vec<&Header>) = files.iter().partition(is_own);
    let mut text = format!("### {room}\n\n");
    if let Some(header) = files.iter().find(|header| header.file == "mod.rs") {
        text += &format!("{}.\n\n", header.title);
    }
    if !imitated.is_empty() {
        text += "| file | imitates | knowingly differs |\n|---|---|---|\n";
    }
    for header in imitated {
        let cell = |text: &str| text.replace('|', "\\|");
        let (imitates, differs) = (cell(&header.imitates), cell(&header.differs));
        text += &format!("| {} | {imitates} | {differs} |\n", header.file);
    }
    let own: Vec<&str> = own.iter().map(|header| header.file.as_str()).collect();
    if !own.is_empty() {
        text += &format!("\nOur own, without a model: {}.\n", own.join(", "));
    }
    text.trim_end().replace("\n\n\n", "\n\n") + "\n\n"
}

#[test]
fn a_header_is_read() {
    let text = "//! The images of a node.\n//!\n//! More.\n//!\n//! Upstream: `pkg/kubelet/images`.\n\
                //! Differs: no\n//! registry.\n\nuse x;\n";
    let header = header(text).expect("a header");
    assert_eq!(header.title, "The images of a node");
    assert_eq!(header.imitates, "`pkg/kubelet/images`");
    assert_eq!(header.differs, "no registry");
}
