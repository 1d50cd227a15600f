//! What an act does to the page.
//!
//! Upstream: none.

use gloo_timers::callback::Timeout;

use super::{App, FILE};
use crate::session::{Msg, Reply, Step};
use crate::ui::act::{Act, Hint, Refusal, Tab, Theme};
use crate::ui::core::{Core, FromCore};
use crate::ui::dom;
use crate::ui::draft;
use crate::ui::i18n::t;
use crate::ui::shared::Shared;
use crate::view::Ref;

/// How long the editor rests before its text is checked.
const CHECK_AFTER_MS: u32 = 150;
const NOTICE_MS: u32 = 5000;
/// Where the style sheet lets panes share a place.
const NARROW: &str = "(max-width: 1240px)";

impl App {
    /// True when the page is to be drawn anew.
    pub(super) fn take(&mut self, act: Act) -> bool {
        self.heed(&act);
        match act {
            Act::Core(from) => return self.hear(from),
            Act::Checker(from) => return self.hear_checker(from),
            Act::Paint(at) => return self.paint(at),
            Act::Shown(visible) => self.shown_or_hidden(visible),
            Act::Send(msg) => self.send(msg),
            Act::Run(line) => self.run(line),
            Act::TogglePlay => {
                let playing = self.world.clock.playing;
                self.send(if playing { Msg::Pause } else { Msg::Play });
            }
            Act::Edited(text) => return self.edited(text),
            Act::CheckDue(version) => self.check(version),
            Act::Apply(text) => self.apply(text),
            Act::ResetText => {
                self.give_text(draft::EXAMPLE.to_owned());
                self.notify(t().editor_reset_done.to_owned());
            }
            Act::Refused(Refusal::TooLong) => self.shown.alarm = Some(t().paste_too_long.into()),
            Act::Select(object) => self.select(object),
            Act::Jump(line, column) => {
                let before = self.desk.jump.map_or(0, |(count, ..)| count);
                self.desk.jump = Some((before + 1, line, column));
                self.shown.tab = Tab::Editor;
            }
            other => self.take_outer(other),
        }
        true
    }

    /// The acts that concern the frame around it all.
    fn take_outer(&mut self, act: Act) {
        match act {
            Act::Show(tab) => self.shown.tab = tab,
            Act::Look(theme) => self.wear(theme),
            Act::Share => self.send(Msg::Share),
            Act::Open(dialog) => self.shown.dialog = dialog,
            Act::Address(fragment) => self.follow(fragment),
            Act::StartAgain(seed) => {
                self.shown.dialog = None;
                self.desk.link = None;
                set_fragment("");
                self.start_world(seed);
            }
            Act::Notice(text) => self.notify(text),
            Act::DismissNotice(number) => {
                self.shown.notice.take_if(|(own, _)| *own == number);
            }
            Act::DismissAlarm => self.shown.alarm = None,
            Act::ReplaceCore => self.replace_core(t().core_was_busy),
            _ => {}
        }
    }

    /// Crosses off the hint what has been done.
    fn heed(&mut self, act: &Act) {
        let mut hint = self.shown.hint;
        match act {
            Act::Apply(_) => hint.apply = false,
            Act::Run(line) if line.starts_with("node ") => hint.node = false,
            Act::Send(Msg::Step(Step::Back | Step::To(_))) => hint.back = false,
            Act::DismissHint => hint = Hint::NONE,
            _ => return,
        }
        if hint == Hint::NONE && self.shown.hint != hint {
            dom::remember("hint", "seen");
        }
        self.shown.hint = hint;
    }

    fn shown_or_hidden(&mut self, visible: bool) {
        self.paint.rest();
        if visible {
            self.paint.ask();
        }
    }

    fn edited(&mut self, text: String) -> bool {
        if self.desk.text == text {
            return false;
        }
        self.desk.text = text;
        self.save();
        self.check_now();
        false
    }

    /// Replaces the editor's text.
    pub(super) fn give_text(&mut self, text: String) {
        self.desk.text.clone_from(&text);
        self.desk.given = Shared::new(text);
        self.check_soon();
    }

    pub(super) fn save(&mut self) {
        if !self
            .desk
            .drafts
            .save(&self.desk.text, self.desk.link.as_deref())
        {
            self.shown.alarm = Some(t().draft_not_kept.to_owned());
        }
    }

    fn apply(&mut self, text: String) {
        self.edited(text);
        self.run(format!("kubectl apply -f {FILE}"));
        if self.shown.tab != Tab::Map {
            self.shown.tab = Tab::Console;
        }
    }

    /// A line of the console. One that names the editor's file means it as it stands there.
    fn run(&mut self, line: String) {
        if line.contains(FILE) {
            let (name, text) = (FILE.to_owned(), self.desk.text.clone());
            self.send(Msg::WriteFile { name, text });
        }
        self.send(Msg::Console { line });
    }

    pub(super) fn check_soon(&mut self) {
        self.desk.version += 1;
        let (act, version) = (self.act.clone(), self.desk.version);
        Timeout::new(CHECK_AFTER_MS, move || act.emit(Act::CheckDue(version))).forget();
    }

    /// The editor has waited already.
    fn check_now(&mut self) {
        self.desk.version += 1;
        self.check(self.desk.version);
    }

    fn check(&mut self, version: u32) {
        if version != self.desk.version || !self.desk.may_check {
            return;
        }
        let act = self.act.clone();
        let checker = self
            .checker
            .get_or_insert_with(|| Core::start(act.reform(Act::Checker)));
        checker.post(&Msg::Check {
            version,
            text: self.desk.text.clone(),
        });
    }

    fn hear_checker(&mut self, from: FromCore) -> bool {
        match from {
            FromCore::Replies(replies) => {
                for reply in replies {
                    if let Reply::Problems { version, problems } = reply
                        && version == self.desk.version
                    {
                        self.desk.problems.settle(problems);
                    }
                }
            }
            // Another one is started with the next change of the text.
            FromCore::Died(why) => {
                self.checker = None;
                self.shown.alarm = Some(crate::ui::i18n::fill(t().checker_died, &[&why]));
            }
        }
        true
    }

    fn select(&mut self, object: Option<Ref>) {
        // Where the details share their place, they take it; a node has its menu first.
        let is_node = object.as_ref().is_some_and(|object| object.kind == "Node");
        if object.is_some() && !is_node && dom::media(NARROW) {
            self.shown.tab = Tab::Details;
        }
        self.world.selected.clone_from(&object);
        if object.is_none() {
            self.world.detail = None;
        }
        self.send(Msg::Select(object));
    }

    pub(super) fn wear(&mut self, theme: Theme) {
        self.shown.theme = theme;
        dom::remember("theme", theme.name());
        if let Some(root) = dom::document().document_element() {
            root.set_attribute("data-theme", theme.name()).ok();
        }
        self.shown.dark = match theme {
            Theme::System => dom::media("(prefers-color-scheme: dark)"),
            Theme::Light => false,
            Theme::Dark => true,
        };
    }

    pub(super) fn notify(&mut self, text: String) {
        let number = self
            .shown
            .notice
            .as_ref()
            .map_or(0, |(number, _)| number + 1);
        self.shown.notice = Some((number, text));
        let act = self.act.clone();
        Timeout::new(NOTICE_MS, move || act.emit(Act::DismissNotice(number))).forget();
    }

    /// The visitor put another link into the address bar.
    fn follow(&mut self, fragment: String) {
        if fragment.is_empty() || Some(&fragment) == self.desk.link.as_ref() {
            return;
        }
        self.desk.link = Some(fragment);
        self.start_world(super::SEED);
    }
}

/// What stands behind the `#` of the address, if anything.
pub fn fragment() -> Option<String> {
    let hash = dom::window().location().hash().unwrap_or_default();
    Some(hash.trim_start_matches('#').to_owned()).filter(|text| !text.is_empty())
}

/// Puts this into the address bar without a new entry in the history; returns the whole address.
pub fn set_fragment(fragment: &str) -> Option<String> {
    let window = dom::window();
    let whole = window.location().href().ok()?;
    let base = whole.split('#').next().unwrap_or_default();
    let link = match fragment.trim_start_matches('#') {
        "" => base.to_owned(),
        text => format!("{base}#{text}"),
    };
    let history = window.history().ok()?;
    let nothing = wasm_bindgen::JsValue::NULL;
    history
        .replace_state_with_url(&nothing, "", Some(&link))
        .ok()?;
    Some(link)
}
