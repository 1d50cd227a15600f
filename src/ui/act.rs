//! Everything that can happen to the page.
//!
//! Upstream: none.

use super::core::FromCore;
use crate::session::Msg;
use crate::view::Ref;

pub enum Act {
    /// From the core that runs the world, and from the one that checks manifests.
    Core(FromCore),
    Checker(FromCore),
    /// The browser is about to paint; milliseconds on its clock.
    Paint(f64),
    /// The tab was hidden or shown.
    Shown(bool),
    /// Straight to the core.
    Send(Msg),
    /// A line for the console, typed or by a click.
    Run(String),
    TogglePlay,
    /// The editor's text changed.
    Edited(String),
    CheckDue(u32),
    /// The editor's text is to be applied.
    Apply(String),
    /// Back to the text that a first visit finds.
    ResetText,
    Refused(Refusal),
    Select(Option<Ref>),
    /// To a line and column of the editor.
    Jump(u32, u32),
    Show(Tab),
    Look(Theme),
    Share,
    Open(Option<Dialog>),
    /// The address's fragment changed.
    Address(String),
    StartAgain(u64),
    Notice(String),
    DismissHint,
    /// The notice with this number has been seen.
    DismissNotice(u32),
    DismissAlarm,
    /// The core is slow: end it and start another one.
    ReplaceCore,
}

/// What the page shows where there is no room for everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Map,
    Editor,
    Console,
    Details,
    Events,
}

impl Tab {
    pub fn name(self) -> &'static str {
        match self {
            Tab::Map => "map",
            Tab::Editor => "editor",
            Tab::Console => "console",
            Tab::Details => "details",
            Tab::Events => "events",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub fn name(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    pub fn named(name: &str) -> Theme {
        match name {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => Theme::System,
        }
    }

    /// The next one when the button is pressed.
    pub fn next(self) -> Theme {
        match self {
            Theme::System => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::System,
        }
    }
}

/// The steps that a first visit is shown, each until it has been done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hint {
    pub apply: bool,
    pub node: bool,
    pub back: bool,
}

impl Hint {
    pub const ALL: Hint = Hint {
        apply: true,
        node: true,
        back: true,
    };
    pub const NONE: Hint = Hint {
        apply: false,
        node: false,
        back: false,
    };
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialog {
    Shortcuts,
    About,
    StartAgain,
    /// A link to copy by hand, where the clipboard is closed to the page.
    Link(String),
}

/// A text that the editor does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    TooLong,
}
