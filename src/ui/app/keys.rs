//! The page's shortcuts, and what else it listens to. Keys are left alone while somebody types.
//!
//! Upstream: none.

use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, KeyboardEvent};
use yew::Callback;

use crate::session::{Msg, Step};
use crate::ui::act::{Act, Dialog, Tab, Theme};
use crate::ui::dom::{self, Listener};

pub const SECOND_US: i64 = 1_000_000;

pub fn listen(act: &Callback<Act>) -> Vec<Listener> {
    let window = dom::window();
    let document = dom::document();
    let mut listeners = Vec::new();
    let on = act.clone();
    listeners.push(Listener::new(&window, "keydown", move |event: Event| {
        let act = event.dyn_ref::<KeyboardEvent>().and_then(shortcut);
        if let Some(act) = act {
            event.prevent_default();
            on.emit(act);
        }
    }));
    // A button of the time bar that was pressed with the mouse lets the space bar go again.
    listeners.push(Listener::new(&document, "pointerup", |_| {
        let pressed = dom::focused().filter(|own| own.matches(".timebar button").unwrap_or(false));
        if let Some(button) = pressed.and_then(|own| own.dyn_into::<HtmlElement>().ok()) {
            button.blur().ok();
        }
    }));
    let on = act.clone();
    listeners.push(Listener::new(&document, "visibilitychange", move |_| {
        on.emit(Act::Shown(!dom::document().hidden()));
    }));
    let on = act.clone();
    listeners.push(Listener::new(&window, "hashchange", move |_| {
        on.emit(Act::Address(super::update::fragment().unwrap_or_default()));
    }));
    if let Ok(Some(query)) = window.match_media("(prefers-color-scheme: dark)") {
        let on = act.clone();
        listeners.push(Listener::new(&query, "change", move |_| {
            let theme = dom::recall("theme").unwrap_or_default();
            on.emit(Act::Look(Theme::named(&theme)));
        }));
    }
    listeners
}

/// The act that a key stands for here and now.
fn shortcut(event: &KeyboardEvent) -> Option<Act> {
    if event.default_prevented() || event.ctrl_key() || event.meta_key() || event.alt_key() {
        return None;
    }
    let target = event.target()?.dyn_into::<HtmlElement>().ok()?;
    if dom::takes_text(&target) || target.closest("dialog, [role=menu]").ok()?.is_some() {
        return None;
    }
    // The space bar presses the button that has the focus.
    let pressable = target.matches("button, a, summary, [role=button]");
    let pressable = pressable.unwrap_or(false);
    // A slider moves by the arrow keys; the scrubber moves by event, as the page does.
    let slider = target.get_attribute("type").as_deref() == Some("range");
    if slider && !target.has_attribute("data-scrubber") && event.key().starts_with("Arrow") {
        return None;
    }
    let step = |step| Some(Act::Send(Msg::Step(step)));
    match event.key().as_str() {
        " " if !pressable => Some(Act::TogglePlay),
        "." => Some(Act::TogglePlay),
        "ArrowLeft" => step(Step::Back),
        "ArrowRight" => step(Step::NextEvent),
        "1" => step(Step::Forward(SECOND_US)),
        "2" => step(Step::Forward(10 * SECOND_US)),
        "3" => step(Step::Forward(60 * SECOND_US)),
        "?" => Some(Act::Open(Some(Dialog::Shortcuts))),
        "/" => {
            dom::focus("[data-console-input]");
            Some(Act::Show(Tab::Console))
        }
        _ => None,
    }
}
