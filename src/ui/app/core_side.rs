//! The page's side of the talk with the cores: starting, feeding, hearing, replacing.
//!
//! Upstream: none.

use std::rc::Rc;

use super::{App, FILE, World};
use crate::session::{Msg, Reply};
use crate::ui::act::{Act, Dialog};
use crate::ui::chunks::Chunks;
use crate::ui::core::{Core, FromCore};
use crate::ui::dom;
use crate::ui::i18n::{fill, note, t};
use crate::ui::pump::Revival;
use crate::ui::shared::Shared;
use crate::view::{ConsoleLine, Frame, Stream};

/// Lines of the console, and events, that the page keeps.
const LINES: usize = 3000;
const EVENTS: usize = 1000;
/// A link longer than this is cut by some chat programs.
const LONG_LINK: usize = 2000;

impl App {
    /// A world from the link in the address, or a fresh one; a core that is there is used again.
    pub(super) fn start_world(&mut self, seed: u64) {
        let bench = self.world.bench.clone();
        let console = self.world.console.take();
        self.world = World {
            bench,
            console,
            ..World::default()
        };
        if self.core.is_none() {
            let act = self.act.clone();
            self.core = Some(Core::start(act.reform(Act::Core)));
        }
        let link = self.desk.link.clone();
        self.send(Msg::Open {
            link: link.clone(),
            seed,
        });
        if self.world.bench.is_some() {
            self.send(Msg::Bench);
        } else if link.is_none() {
            self.send(Msg::Play);
        }
    }

    pub(super) fn send(&mut self, msg: Msg) {
        let out = self.pump.act(msg);
        self.post(&out);
    }

    fn post(&mut self, out: &[Msg]) {
        if let Some(core) = &self.core {
            for msg in out {
                core.post(msg);
            }
        }
        if !out.is_empty() {
            self.paint.ask();
        }
    }

    /// Before a paint: a frame for the core, if time passes and it has answered the last one.
    pub(super) fn paint(&mut self, at_ms: f64) -> bool {
        self.paint.called(at_ms);
        let runs = self.world.clock.playing || self.world.behind_us > 0;
        let drawn = self.world.map.go_on();
        if !runs && !self.pump.is_under_way() {
            self.paint.rest();
            if self.world.map.is_late() {
                self.paint.ask();
            }
            return drawn;
        }
        if !self.pump.is_under_way() {
            let elapsed = if self.world.clock.playing {
                self.paint.take()
            } else {
                0
            };
            if let Some(msg) = self.pump.frame(elapsed) {
                self.post(&[msg]);
            }
        }
        self.paint.ask();
        let busy = self.pump.waits_too_long(at_ms) && self.world.bench.is_none();
        let changed = std::mem::replace(&mut self.shown.busy, busy) != busy;
        drawn || changed
    }

    pub(super) fn hear(&mut self, from: FromCore) -> bool {
        match from {
            FromCore::Replies(replies) => {
                for reply in replies {
                    self.hear_one(reply);
                }
            }
            FromCore::Died(why) => {
                web_sys::console::error_1(&why.as_str().into());
                self.replace_core(&why);
            }
        }
        true
    }

    fn hear_one(&mut self, reply: Reply) {
        match reply {
            Reply::Opened { note, files } => self.opened(note.as_deref(), files),
            Reply::Frame(frame) => {
                let now = frame.clock.now_us;
                self.show(*frame);
                let out = self.pump.frame_came(now);
                self.post(&out);
                let runs = self.world.clock.playing || self.world.behind_us > 0;
                if runs || self.world.map.is_late() {
                    self.paint.ask();
                }
            }
            Reply::Link { fragment } => self.linked(&fragment),
            Reply::Bench {
                name,
                value,
                unit,
                budget,
            } => self.bench_figure(&name, value, &unit, budget),
            Reply::BenchDone => self.bench_grow(),
            Reply::Problems { .. } => {}
        }
    }

    fn opened(&mut self, remark: Option<&str>, files: Vec<(String, String)>) {
        match remark {
            Some(remark) if remark.starts_with("link-opened") => self.notify(note(remark)),
            Some(remark) => self.shown.alarm = Some(note(remark)),
            None => {}
        }
        let own = self.desk.drafts.first(self.desk.link.as_deref());
        let own = own.filter(|_| self.desk.link.is_some());
        let text = files
            .into_iter()
            .find(|(name, _)| name == FILE)
            .map(|(_, text)| text);
        if let Some(text) = text.filter(|_| own.is_none()) {
            self.give_text(text);
        }
    }

    fn show(&mut self, frame: Frame) {
        let world = &mut self.world;
        world.bench_frame = true;
        world.clock.settle(frame.clock);
        world.map.apply(frame.map);
        world.prompt = frame.prompt;
        world.behind_us = frame.behind_us;
        hear_console(&mut world.console, frame.console);
        let timeline = world.timeline.get_or_insert_with(|| Chunks::new(EVENTS));
        timeline.drop_newest(frame.timeline_undone as usize);
        let entries = frame.timeline.into_iter().map(Rc::new);
        if frame.timeline_reset {
            timeline.replace(entries.collect());
        } else {
            timeline.extend(entries);
        }
        // What was on its way when the visitor looked elsewhere comes too late.
        let detail = frame
            .detail
            .filter(|detail| world.selected.as_ref() == Some(&detail.object));
        if let Some(detail) = detail {
            match &mut world.detail {
                Some(known) => known.settle(detail),
                None => world.detail = Some(Shared::new(detail)),
            }
        }
        world.opened = true;
    }

    fn linked(&mut self, fragment: &str) {
        let Some(link) = super::update::set_fragment(fragment) else {
            return;
        };
        self.desk.link = Some(fragment.trim_start_matches('#').to_owned());
        self.save();
        let characters = link.chars().count();
        let long = characters > LONG_LINK;
        let done = if long {
            fill(t().share_long, &[&characters.to_string()])
        } else {
            t().share_copied.to_owned()
        };
        // The clipboard may be closed to the page; then the link is shown, to be copied by hand.
        let act = self.act.clone();
        let copied = dom::window().navigator().clipboard().write_text(&link);
        wasm_bindgen_futures::spawn_local(async move {
            match wasm_bindgen_futures::JsFuture::from(copied).await {
                Ok(_) => act.emit(Act::Notice(done)),
                Err(_) => act.emit(Act::Open(Some(Dialog::Link(link)))),
            }
        });
    }

    /// The core is dead, or the visitor's patience is at an end: another one is told the same
    /// story.
    pub(super) fn replace_core(&mut self, why: &str) {
        let act = self.act.clone();
        self.core = None;
        self.shown.busy = false;
        let (story, alarm) = match self.pump.revive() {
            Revival::Replay(story) => (story, fill(t().core_restarted, &[why])),
            Revival::ReplayWithout(story, culprit) => {
                (story, fill(t().core_set_aside, &[&act_in_words(&culprit)]))
            }
            Revival::GiveUp => {
                self.shown.alarm = Some(fill(t().core_gave_up, &[why]));
                return;
            }
        };
        self.shown.alarm = Some(alarm);
        // Its console is told again from the start, and so is the timeline.
        self.world.console = None;
        self.world.timeline = None;
        self.core = Some(Core::start(act.reform(Act::Core)));
        self.post(&story);
    }
}

/// New lines of the transcript. Of many steps back in a row only the last is worth a line.
fn hear_console(known: &mut Option<Chunks<ConsoleLine>>, lines: Vec<ConsoleLine>) {
    let steps_back =
        |line: &ConsoleLine| line.stream == Stream::Note && line.text.starts_with("clock-back");
    for line in lines {
        let known = known.get_or_insert_with(|| Chunks::new(LINES));
        if steps_back(&line) && known.last().is_some_and(steps_back) {
            known.replace_last(line);
        } else {
            known.extend([line]);
        }
    }
}

fn act_in_words(msg: &Msg) -> String {
    match msg {
        Msg::Console { line } => line.clone(),
        Msg::WriteFile { name, .. } => name.clone(),
        _ => t().core_a_step.to_owned(),
    }
}
