//! The lists of what still differs, which may only shrink: ratchet.txt has a line for each step,
//! floors.txt the least figures of each timeline.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::sync::LazyLock;

use super::compare::{Figures, Overlap, Verdict, commands, text};
use super::recordings::{Recording, here, read};

const RATCHET: &str = "ratchet.txt";
const FLOORS: &str = "floors.txt";
const UNEXPLAINED: &str = "to be explained";
const COMMAND_COLUMNS: usize = 90;

/// A step that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub verdict: Verdict,
    /// What was typed, in one line; for the reader only.
    pub command: String,
    pub reason: String,
}

/// By recording and number of the command, from 0 as compare.py counts.
pub type Ratchet = BTreeMap<(String, usize), Entry>;

/// Whether files of expectations are rewritten instead of compared.
pub fn updating() -> bool {
    env::var_os("UPDATE_EXPECT").is_some()
}

fn growing() -> bool {
    env::var("KUBE_ORRERY_RATCHET").is_ok_and(|value| value == "grow")
}

/// The list as it is when the test begins.
static LISTED: LazyLock<Ratchet> = LazyLock::new(load);

fn load() -> Ratchet {
    let text = read(RATCHET);
    let lines = text
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'));
    lines
        .map(|line| parse(line).unwrap_or_else(|| panic!("{RATCHET}: {line}")))
        .collect()
}

fn parse(line: &str) -> Option<((String, usize), Entry)> {
    let (head, reason) = line.rsplit_once("  # ")?;
    let (head, command) = head.split_once("  ")?;
    let [name, step, verdict] = head.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let differs = [Verdict::Layout, Verdict::Time, Verdict::Different];
    let entry = Entry {
        verdict: differs.into_iter().find(|v| v.word() == verdict)?,
        command: command.into(),
        reason: reason.into(),
    };
    Some(((name.into(), step.parse().ok()?), entry))
}

/// The steps that differ now, in the words of the list.
pub fn now(recording: &Recording, figures: &Figures) -> Ratchet {
    let steps = commands(&recording.value);
    let verdicts = figures.verdicts.iter().zip(steps).enumerate();
    verdicts
        .filter(|(_, (verdict, _))| !verdict.is_good())
        .map(|(step, (verdict, value))| {
            let line = text(value, "command").lines().next().unwrap_or("");
            let entry = Entry {
                verdict: *verdict,
                command: line
                    .chars()
                    .take(COMMAND_COLUMNS)
                    .collect::<String>()
                    .trim()
                    .into(),
                reason: UNEXPLAINED.into(),
            };
            ((recording.name.clone(), step), entry)
        })
        .collect()
}

/// What the list should be after a run that left `found`, and what is wrong with the one that is.
/// A step that got worse, or that is not on the list, stays wrong unless the list may grow.
pub fn turn(list: &Ratchet, found: &Ratchet, grow: bool) -> (Ratchet, Vec<String>) {
    let mut next = Ratchet::new();
    let mut wrong = Vec::new();
    for (key, old) in list {
        let (name, step) = key;
        let Some(new) = found.get(key) else {
            wrong.push(format!(
                "{name} {step} is right now: take it off the list: {}",
                old.command
            ));
            continue;
        };
        let mut entry = old.clone();
        entry.command.clone_from(&new.command);
        if new.verdict != old.verdict {
            let (from, to) = (old.verdict.word(), new.verdict.word());
            wrong.push(format!(
                "{name} {step} was {from} and is {to}: {}",
                old.command
            ));
            if grow || new.verdict < old.verdict {
                entry.verdict = new.verdict;
            }
        }
        next.insert(key.clone(), entry);
    }
    for (key, new) in found.iter().filter(|(key, _)| !list.contains_key(*key)) {
        let (name, step) = key;
        wrong.push(format!(
            "{name} {step} is {}: {}",
            new.verdict.word(),
            new.command
        ));
        if grow {
            next.insert(key.clone(), new.clone());
        }
    }
    (next, wrong)
}

fn store(list: &Ratchet) {
    let mut text = String::from(
        "# The steps that differ from what was recorded, each with the reason (README.md). It may only shrink.\n\
         # recording step verdict  command  # reason\n",
    );
    // In the order of the recordings' steps; names sort as files do.
    for ((name, step), entry) in list {
        let (verdict, command) = (entry.verdict.word(), &entry.command);
        text += &format!("{name} {step} {verdict}  {command}  # {}\n", entry.reason);
    }
    fs::write(here(RATCHET), text).expect("a writable ratchet");
}

/// The list as it is, or as it will be when it has been rewritten.
pub fn listed(found: &Ratchet) -> Ratchet {
    if updating() {
        turn(&LISTED, found, growing()).0
    } else {
        LISTED.clone()
    }
}

/// Compares with ratchet.txt, or rewrites it; says what is wrong.
pub fn check(found: &Ratchet) -> Vec<String> {
    let list = listed(found);
    if updating() {
        store(&list);
    }
    turn(&list, found, false).1
}

/// The least figures of a timeline, in whole percent: recall and precision of events, of writes.
pub type Floor = [usize; 4];

fn floor_of(figures: &Figures) -> Floor {
    let percent = |part: usize, whole: usize| (100 * part).checked_div(whole).unwrap_or(100);
    let pair = |o: Overlap| [percent(o.both, o.recorded), percent(o.both, o.ours)];
    let ([a, b], [c, d]) = (pair(figures.events), pair(figures.writes));
    [a, b, c, d]
}

fn load_floors() -> BTreeMap<String, Floor> {
    let read = read(FLOORS);
    let lines = read
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'));
    lines
        .map(|line| {
            let (name, rest) = line.split_once(' ').expect("a name and figures");
            let numbers = rest.split_whitespace().filter_map(|word| word.parse().ok());
            let numbers: Vec<usize> = numbers.collect();
            (
                name.into(),
                numbers
                    .try_into()
                    .unwrap_or_else(|_| panic!("{FLOORS}: {line}")),
            )
        })
        .collect()
}

/// Compares with floors.txt, or raises what is in it; says what is wrong.
pub fn check_floors(rows: &[(String, Figures)]) -> Vec<String> {
    let mut floors = load_floors();
    let mut wrong = Vec::new();
    let mut text = String::from(
        "# The least figures of each timeline in percent (README.md): recall and precision. They may only rise.\n",
    );
    for (name, figures) in rows {
        let now = floor_of(figures);
        let old = floors.remove(name).unwrap_or([0; 4]);
        let kept = |(old, now): (usize, usize)| if growing() { now } else { old.max(now) };
        let next: Vec<usize> = old.into_iter().zip(now).map(kept).collect();
        let [a, b, c, d] = next[..] else {
            unreachable!("four figures")
        };
        text += &format!("{name}  events {a} {b}  writes {c} {d}\n");
        let fell = old.iter().zip(&now).any(|(old, now)| now < old);
        if fell && !(updating() && growing()) {
            wrong.push(format!("{name}: the timeline had {old:?} and has {now:?}"));
        } else if now != old && !updating() {
            wrong.push(format!(
                "{name}: {now:?} is better than {old:?}: UPDATE_EXPECT=1 keeps it"
            ));
        }
    }
    if updating() {
        fs::write(here(FLOORS), text).expect("writable floors");
    }
    wrong
}

#[test]
fn the_list_only_shrinks() {
    let list = |lines: &[&str]| -> Ratchet {
        lines
            .iter()
            .map(|line| parse(line).expect("a good line"))
            .collect()
    };
    let a = "A.json 1 different  kubectl get pods  # a reason";
    let better = "A.json 1 layout  kubectl get pods  # a reason";
    let b = "B.json 2 time  kubectl get rs -o yaml  # to be explained";
    let none: &[&str] = &[];
    for (case, before, found, grow, after, complaints) in [
        ("nothing changed", &[a][..], &[a][..], false, &[a][..], 0),
        ("one became right", &[a, b], &[a], false, &[a], 1),
        ("one became better", &[a], &[better], false, &[better], 1),
        ("one became worse", &[better], &[a], false, &[better], 1),
        (
            "one became worse, as allowed",
            &[better],
            &[a],
            true,
            &[a],
            1,
        ),
        ("a new one differs", &[a], &[a, b], false, &[a], 1),
        ("a new one differs, as allowed", none, &[b], true, &[b], 1),
    ] {
        let (next, wrong) = turn(&list(before), &list(found), grow);
        assert_eq!(next, list(after), "{case}");
        assert_eq!(wrong.len(), complaints, "{case}: {wrong:?}");
    }
}
