//! Frames: what the page gets to know, as differences from what it has.
//!
//! Upstream: none.

use crate::clock::SimTime;
use crate::view::{self, ClockView, Detail, Frame, MapDiff, TimelineEntry, Touched};

use super::{Input, Session};

/// What the page has been told.
pub(super) struct Seen {
    revision: u64,
    /// Everything is to be sent anew.
    reset: bool,
    /// What the page knows of and the world does not: it went back.
    undone: Touched,
    pub(super) detail: Option<Detail>,
}

impl Default for Seen {
    fn default() -> Self {
        Seen {
            revision: 0,
            reset: true,
            undone: Touched::default(),
            detail: None,
        }
    }
}

/// So many timeline entries are sent anew after a long way back.
const TIMELINE_MAX: usize = 500;
/// When more writes than these are undone, all is sent anew.
const UNDONE_MAX: u64 = 400;

impl Session {
    /// Goes to an earlier moment, and notes what the page is to forget.
    pub(super) fn go_back(&mut self, to: SimTime) {
        let lived = self.history.lived().len();
        let store = self.world().store();
        let floor = store.revision_at(to);
        let long = store.revision() - floor > UNDONE_MAX;
        let undone = (!long).then(|| {
            let mut undone = Touched::since(store, floor);
            // What was written since the last frame the page has never had.
            undone.events -= Touched::since(store, self.seen.revision.max(floor)).events;
            undone
        });
        self.history.seek(to);
        let store = self.history.world().store();
        match undone.filter(|_| store.revision() == floor) {
            Some(mut undone) => {
                if self.history.lived().len() != lived {
                    undone.add_nodes(store);
                }
                self.seen.undone.add(undone);
                self.seen.revision = self.seen.revision.min(floor);
            }
            None => self.seen.reset = true,
        }
    }

    pub(super) fn frame(&mut self) -> Frame {
        let reset = std::mem::take(&mut self.seen.reset);
        let undone = std::mem::take(&mut self.seen.undone);
        let timeline_undone = undone.events;
        let map = self.map(reset, undone);
        let timeline = self.timeline(reset);
        self.seen.revision = self.world().store().revision();
        Frame {
            clock: self.clock(),
            map,
            console: self.transcript.take(),
            prompt: self.prompt(),
            timeline,
            timeline_reset: reset,
            timeline_undone,
            detail: self.detail(),
            behind_us: (self.goal - self.world().now()).as_micros().max(0),
        }
    }

    fn clock(&self) -> ClockView {
        let world = self.world();
        let mark = |r: &super::Recorded| match &r.input {
            Input::Console(line) => Some((r.at.unix_micros(), line.clone())),
            Input::WriteFile { .. } | Input::Interrupt(_) => None,
        };
        ClockView {
            start_us: world.start().unix_micros(),
            now_us: world.now().unix_micros(),
            end_us: self.history.end().unix_micros(),
            next_event_us: world.next_at().map(|at| at.unix_micros()),
            playing: self.playing,
            speed: self.speed,
            seed: self.seed,
            revision: world.store().revision(),
            hash: world.hash(),
            marks: self.history.journal().iter().filter_map(mark).collect(),
            in_past: self.history.in_past(),
        }
    }

    fn map(&self, reset: bool, undone: Touched) -> MapDiff {
        if reset {
            return view::map_diff(self.world(), None);
        }
        let mut touched = Touched::since(self.world().store(), self.seen.revision);
        touched.add(undone);
        view::map_diff(self.world(), Some(touched))
    }

    fn timeline(&self, reset: bool) -> Vec<TimelineEntry> {
        let store = self.world().store();
        if reset {
            return view::timeline(store, TIMELINE_MAX);
        }
        view::timeline_since(store, self.seen.revision)
    }

    fn detail(&mut self) -> Option<Detail> {
        let selected = self.selection.clone()?;
        let inputs = self.history.lived();
        let input = |n: u32| {
            let recorded = inputs.get((n as usize).checked_sub(1)?)?;
            Some(match &recorded.input {
                Input::Console(line) => line.clone(),
                Input::WriteFile { name, .. } => format!("> {name}"),
                Input::Interrupt(_) => "^C".into(),
            })
        };
        let detail = view::detail(self.world(), &selected, &input);
        if self.seen.detail.as_ref() == Some(&detail) {
            return None;
        }
        self.seen.detail = Some(detail.clone());
        Some(detail)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::session::{Msg, Reply, Step};
    use crate::view::{NodeView, PodView, map_diff};

    const MANIFEST: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 5
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: 'nginx:1.7.9'}]}
";

    /// The page's memory: what frames have told.
    #[derive(Default, PartialEq, Debug)]
    struct Page {
        nodes: BTreeMap<String, NodeView>,
        pods: BTreeMap<String, PodView>,
        timeline: Vec<TimelineEntry>,
    }

    impl Page {
        fn hear(&mut self, frame: Frame) {
            if frame.map.full {
                (self.nodes, self.pods) = Default::default();
            }
            for name in frame.map.nodes_gone {
                self.nodes.remove(&name);
            }
            for (_, name) in frame.map.pods_gone {
                self.pods.remove(&name);
            }
            let nodes = frame.map.nodes.into_iter();
            self.nodes.extend(nodes.map(|n| (n.name.clone(), n)));
            let pods = frame.map.pods.into_iter();
            self.pods.extend(pods.map(|p| (p.name.clone(), p)));
            let kept = (self.timeline.len()).saturating_sub(frame.timeline_undone as usize);
            self.timeline
                .truncate(if frame.timeline_reset { 0 } else { kept });
            self.timeline.extend(frame.timeline);
        }
    }

    fn tell(session: &mut Session, page: &mut Page, msgs: &[Msg]) {
        for msg in msgs {
            session.update(msg.clone());
        }
        for reply in session.update(Msg::Frame { elapsed_us: 0 }) {
            if let Reply::Frame(frame) = reply {
                page.hear(*frame);
            }
        }
        let mut whole = Page::default();
        let map = map_diff(session.world(), None);
        whole.hear(Frame {
            map,
            ..Frame::default()
        });
        assert_eq!(page.nodes, whole.nodes);
        assert_eq!(page.pods, whole.pods);
        let now = session.world().now().unix_micros();
        assert!(page.timeline.iter().all(|entry| entry.at_us <= now));
    }

    #[test]
    fn what_frames_tell_adds_up_to_the_world_on_every_way_through_time() {
        let (mut session, mut page) = (Session::new(1), Page::default());
        let console = |line: &str| Msg::Console { line: line.into() };
        let forward = |secs: i64| Msg::Step(Step::Forward(secs * 1_000_000));
        let (name, text) = ("web.yml".to_owned(), MANIFEST.to_owned());
        let file = Msg::WriteFile { name, text };
        let begin = [file, console("kubectl apply -f web.yml")];
        tell(&mut session, &mut page, &begin);
        tell(&mut session, &mut page, &[forward(2)]);
        tell(&mut session, &mut page, &[forward(10)]);
        for _ in 0..30 {
            tell(&mut session, &mut page, &[Msg::Step(Step::Back)]);
        }
        let events = page.timeline.len();
        // There and back between two frames.
        let around = [forward(4), Msg::Step(Step::Back), Msg::Step(Step::Back)];
        tell(&mut session, &mut page, &around);
        tell(&mut session, &mut page, &[forward(20)]);
        assert!(page.timeline.len() > events);
        tell(&mut session, &mut page, &[console("node off k8s-node2")]);
        tell(&mut session, &mut page, &[Msg::Step(Step::Back)]);
        tell(&mut session, &mut page, &[forward(400)]);
        tell(
            &mut session,
            &mut page,
            &[Msg::Step(Step::Backward(390_000_000))],
        );
        tell(
            &mut session,
            &mut page,
            &[Msg::Step(Step::Backward(5_000_000))],
        );
    }
}
