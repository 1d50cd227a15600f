//! The page as one Elm-like component: its state, what an act does to it, how it is drawn.
//!
//! Upstream: none.

mod bench;
mod core_side;
mod draw;
mod keys;
mod paint;
mod update;

use std::rc::Rc;

use yew::prelude::*;

use self::bench::Bench;
use super::act::{Act, Dialog, Hint, Tab, Theme};
use super::chunks::Chunks;
use super::core::Core;
use super::dom::{self, Listener};
use super::draft::Drafts;
use super::map_model::MapModel;
use super::pump::Pump;
use super::shared::Shared;
use crate::view::{ClockView, ConsoleLine, Detail, Problem, Prompt, Ref, TimelineEntry};

/// The scenario's file that the editor holds.
pub const FILE: &str = "nginx.yml";
/// The seed of a first visit.
pub const SEED: u64 = 1;

pub struct App {
    core: Option<Core>,
    checker: Option<Core>,
    pump: Pump,
    paint: paint::Painter,
    /// Sends an act to this component; the same one for every part, so that none is redrawn for it.
    act: Callback<Act>,
    world: World,
    desk: Desk,
    shown: Shown,
    _listeners: Vec<Listener>,
}

/// What the core has told.
#[derive(Default)]
struct World {
    clock: Shared<ClockView>,
    map: MapModel,
    prompt: Prompt,
    console: Option<Chunks<ConsoleLine>>,
    timeline: Option<Chunks<Rc<TimelineEntry>>>,
    selected: Option<Ref>,
    detail: Option<Shared<Detail>>,
    behind_us: i64,
    /// A link was opened, or none; the first frame has come.
    opened: bool,
    bench: Option<Bench>,
    /// A frame came that the benchmark has not looked at.
    bench_frame: bool,
}

/// The editor's side.
struct Desk {
    drafts: Drafts,
    link: Option<String>,
    /// The text as it is known here (the editor may be 150 ms ahead).
    text: String,
    /// The text that the editor was last given.
    given: Shared<String>,
    problems: Shared<Vec<Problem>>,
    version: u32,
    jump: Option<(u32, u32, u32)>,
    /// A second core is started only after the first paint.
    may_check: bool,
}

/// What is open, and how it looks.
struct Shown {
    tab: Tab,
    theme: Theme,
    dark: bool,
    /// Which steps of the first hint are still to be done; none when it is dismissed.
    hint: Hint,
    dialog: Option<Dialog>,
    /// A confirmation that goes by itself.
    notice: Option<(u32, String)>,
    /// Something that the visitor must know.
    alarm: Option<String>,
    /// The core has not answered for a while.
    busy: bool,
}

impl Component for App {
    type Message = Act;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let act = ctx.link().callback(|act: Act| act);
        let theme = dom::recall("theme")
            .map(|name| Theme::named(&name))
            .unwrap_or_default();
        let fragment = update::fragment();
        let bench = fragment.as_deref() == Some("bench");
        let link = fragment.filter(|_| !bench);
        let drafts = Drafts::open();
        let text = drafts.first(link.as_deref());
        let text = text.unwrap_or_else(|| super::draft::EXAMPLE.to_owned());
        let mut app = App {
            core: None,
            checker: None,
            pump: Pump::default(),
            paint: paint::Painter::new(act.clone()),
            world: World {
                bench: bench.then(Bench::default),
                ..World::default()
            },
            desk: Desk {
                drafts,
                link,
                given: Shared::new(text.clone()),
                text,
                problems: Shared::default(),
                version: 0,
                jump: None,
                may_check: false,
            },
            shown: Shown {
                tab: Tab::Map,
                theme,
                dark: false,
                hint: if dom::recall("hint").is_none() {
                    Hint::ALL
                } else {
                    Hint::NONE
                },
                dialog: None,
                notice: None,
                alarm: None,
                busy: false,
            },
            _listeners: keys::listen(&act),
            act,
        };
        app.wear(theme);
        app.start_world(SEED);
        app
    }

    fn update(&mut self, _: &Context<Self>, act: Act) -> bool {
        self.take(act)
    }

    fn view(&self, _: &Context<Self>) -> Html {
        self.draw()
    }

    fn rendered(&mut self, _: &Context<Self>, first: bool) {
        if first {
            dom::mark_body("data-ready", "page");
            if self.world.bench.is_some() {
                dom::mark_body("data-bench", "");
            }
        }
        if !self.world.map.is_empty() && !self.desk.may_check {
            dom::mark_body("data-ready", "map");
            self.desk.may_check = true;
            self.check_soon();
        }
        self.bench_seen();
    }
}
