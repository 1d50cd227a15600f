//! The manifest's editor: a plain text area at once (and on phones for good), Monaco in its place
//! when that has loaded.
//!
//! Upstream: none.

use gloo_timers::callback::Timeout;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    ClipboardEvent, DragEvent, Element, Event, HtmlElement, HtmlTextAreaElement, KeyboardEvent,
};
use yew::prelude::*;

use super::icons::icon;
use crate::ui::act::{Act, Refusal};
use crate::ui::dom::{self, Listener};
use crate::ui::i18n::t;
use crate::ui::monaco::Live;
use crate::ui::shared::Shared;
use crate::view::Problem;

/// The longest text that is taken at once.
const MOST_CHARACTERS: u32 = 5_000_000;
/// How long typing rests before the text is looked at.
const REST_MS: u32 = 150;
/// Below this width Monaco is not for the fingers that are there.
const WIDE: &str = "(min-width: 700px)";

#[derive(Properties, PartialEq)]
pub struct EditorProps {
    pub file: AttrValue,
    /// The text to show; another one, even an equal one, replaces what is there.
    pub given: Shared<String>,
    pub problems: Shared<Vec<Problem>>,
    /// How often it was asked, line, column.
    pub jump: Option<(u32, u32, u32)>,
    pub dark: bool,
    /// Monaco may be loaded now.
    pub load: bool,
    pub act: Callback<Act>,
}

pub enum Change {
    Typed,
    Rested,
    Loaded(Result<Live, JsValue>),
    Apply,
}

pub struct Editor {
    area: NodeRef,
    host: NodeRef,
    pane: NodeRef,
    live: Option<Live>,
    asked: bool,
    rest: Option<Timeout>,
    listeners: Vec<Listener>,
}

impl Component for Editor {
    type Message = Change;
    type Properties = EditorProps;

    fn create(_: &Context<Self>) -> Self {
        Editor {
            area: NodeRef::default(),
            host: NodeRef::default(),
            pane: NodeRef::default(),
            live: None,
            asked: false,
            rest: None,
            listeners: Vec::new(),
        }
    }

    fn update(&mut self, ctx: &Context<Self>, change: Change) -> bool {
        let props = ctx.props();
        match change {
            Change::Typed => {
                let link = ctx.link().clone();
                self.rest = Some(Timeout::new(REST_MS, move || {
                    link.send_message(Change::Rested)
                }));
                false
            }
            Change::Rested => {
                props.act.emit(Act::Edited(self.text()));
                false
            }
            Change::Apply => {
                self.rest = None;
                props.act.emit(Act::Apply(self.text()));
                false
            }
            Change::Loaded(Ok(live)) => {
                // What was typed while it loaded is in the area.
                let text = self.text();
                if live.text() != text {
                    live.set_text(&text);
                }
                live.set_dark(props.dark);
                live.mark(&props.problems);
                self.live = Some(live);
                true
            }
            Change::Loaded(Err(_)) => {
                props.act.emit(Act::Notice(t().editor_plain.to_owned()));
                false
            }
        }
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &EditorProps) -> bool {
        let props = ctx.props();
        if props.given != old.given {
            self.set_text(&props.given);
        }
        if let Some(live) = &self.live {
            if props.dark != old.dark {
                live.set_dark(props.dark);
            }
            if props.problems != old.problems {
                live.mark(&props.problems);
            }
        }
        if let Some((_, line, column)) = props.jump.filter(|_| props.jump != old.jump) {
            self.go_to(line, column);
        }
        true
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first {
            self.set_text(&ctx.props().given);
            self.listen(ctx);
        }
        if ctx.props().load && !self.asked && dom::media(WIDE) {
            self.asked = true;
            self.load(ctx);
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let apply = ctx.link().callback(|_: MouseEvent| Change::Apply);
        let typed = ctx.link().callback(|_: InputEvent| Change::Typed);
        let act = props.act.clone();
        let reset = Callback::from(move |_: MouseEvent| act.emit(Act::ResetText));
        let live = self.live.is_some();
        html! {
            <div class="editor" ref={self.pane.clone()}>
                <div class="editor-head">
                    <h2 class="file">{ &props.file }</h2>
                    <button
                        class="button plain" onclick={reset} title={t().editor_reset}
                        aria-label={t().editor_reset}
                    >
                        { icon("again") }
                    </button>
                    <button class="button strong" onclick={apply} title={t().apply_title} data-apply="">
                        { t().apply }<kbd>{ apply_key() }</kbd>
                    </button>
                </div>
                <div class="editor-host" ref={self.host.clone()} data-editor={
                    if live { "monaco" } else { "plain" }
                }>
                    <textarea
                        ref={self.area.clone()} oninput={typed} hidden={live} spellcheck="false"
                        autocapitalize="off" aria-label={t().editor_label} wrap="off"
                    />
                </div>
                <p class="leave-hint">{ t().editor_leave }</p>
            </div>
        }
    }
}

impl Editor {
    fn text(&self) -> String {
        match (&self.live, self.area.cast::<HtmlTextAreaElement>()) {
            (Some(live), _) => live.text(),
            (None, Some(area)) => area.value(),
            (None, None) => String::new(),
        }
    }

    fn set_text(&self, text: &str) {
        if let Some(live) = &self.live {
            live.set_text(text);
        } else if let Some(area) = self.area.cast::<HtmlTextAreaElement>() {
            area.set_value(text);
        }
    }

    fn go_to(&self, line: u32, column: u32) {
        if let Some(live) = &self.live {
            live.go_to(line, column);
        } else if let Some(area) = self.area.cast::<HtmlTextAreaElement>() {
            let text = area.value();
            let before: usize = text
                .split_inclusive('\n')
                .take(line.saturating_sub(1) as usize)
                .map(|line| line.encode_utf16().count())
                .sum();
            let at = before as u32 + column.saturating_sub(1);
            area.focus().ok();
            area.set_selection_range(at, at).ok();
        }
    }

    fn load(&self, ctx: &Context<Self>) {
        let Some(host) = self.host.cast::<HtmlElement>() else {
            return;
        };
        let (link, text, dark) = (ctx.link().clone(), self.text(), ctx.props().dark);
        let typed = link.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let changed = move || typed.send_message(Change::Typed);
            let loaded = Live::load(host, text, dark, changed).await;
            link.send_message(Change::Loaded(loaded));
        });
    }

    fn listen(&mut self, ctx: &Context<Self>) {
        let Some(pane) = self.pane.cast::<Element>() else {
            return;
        };
        for name in ["paste", "drop"] {
            let act = ctx.props().act.clone();
            // Before the editor gets it.
            self.listeners
                .push(Listener::capturing(&pane, name, move |event| {
                    if incoming(&event) > MOST_CHARACTERS {
                        event.prevent_default();
                        event.stop_propagation();
                        act.emit(Act::Refused(Refusal::TooLong));
                    }
                }));
        }
        let link = ctx.link().clone();
        self.listeners.push(Listener::capturing(
            &dom::window(),
            "keydown",
            move |event| {
                let Some(event) = event.dyn_ref::<KeyboardEvent>() else {
                    return;
                };
                let with = event.ctrl_key() || event.meta_key();
                if with && !event.shift_key() && matches!(event.key().as_str(), "Enter" | "s") {
                    event.prevent_default();
                    event.stop_propagation();
                    link.send_message(Change::Apply);
                }
            },
        ));
    }
}

fn apply_key() -> &'static str {
    let platform = dom::window().navigator().platform().unwrap_or_default();
    if platform.starts_with("Mac") {
        t().apply_key_mac
    } else {
        t().apply_key
    }
}

/// How long a text comes in with this paste or drop.
fn incoming(event: &Event) -> u32 {
    let data = match event.dyn_ref::<ClipboardEvent>() {
        Some(paste) => paste.clipboard_data(),
        None => event
            .dyn_ref::<DragEvent>()
            .and_then(DragEvent::data_transfer),
    };
    let text = data.and_then(|data| data.get_data("text/plain").ok());
    text.map_or(0, |text| text.len() as u32)
}
