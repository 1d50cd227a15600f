//! What the page asks of the browser: its window and document, listeners that end with their
//! owner, the small storage, the clipboard.
//!
//! Upstream: none.

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{Document, Element, Event, EventTarget, HtmlElement, Storage, Window};

pub fn window() -> Window {
    web_sys::window().expect_throw("a page has a window")
}

pub fn document() -> Document {
    window().document().expect_throw("a window has a document")
}

pub fn body() -> HtmlElement {
    document().body().expect_throw("a page has a body")
}

/// Leaves a word on `<body>` for tests and figures.
pub fn mark_body(name: &str, value: &str) {
    body().set_attribute(name, value).ok();
}

/// The storage that outlives the visit, or `None` where the visitor forbids it.
pub fn local_storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// The storage of this tab.
pub fn tab_storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

/// A remembered word.
pub fn recall(name: &str) -> Option<String> {
    local_storage()?.get_item(&key(name)).ok().flatten()
}

/// Remembers a word; a full or forbidden storage forgets it.
pub fn remember(name: &str, value: &str) {
    if let Some(storage) = local_storage() {
        storage.set_item(&key(name), value).ok();
    }
}

/// Names of ours in a storage that the host's other pages share.
pub fn key(name: &str) -> String {
    format!("kube-orrery:{name}")
}

/// Whether a media query holds.
pub fn media(query: &str) -> bool {
    window()
        .match_media(query)
        .ok()
        .flatten()
        .is_some_and(|list| list.matches())
}

/// Whether this page was reloaded, or come back to, in the same tab.
pub fn came_back() -> bool {
    use web_sys::PerformanceNavigation as Way;
    let way = window()
        .performance()
        .map(|performance| performance.navigation().type_());
    matches!(way, Some(Way::TYPE_RELOAD | Way::TYPE_BACK_FORWARD))
}

/// A listener that stops listening when it is dropped.
pub struct Listener {
    target: EventTarget,
    name: &'static str,
    capture: bool,
    heard: Closure<dyn FnMut(Event)>,
}

impl Listener {
    pub fn new(
        target: &EventTarget,
        name: &'static str,
        heard: impl FnMut(Event) + 'static,
    ) -> Listener {
        Listener::listen(target, name, false, heard)
    }

    /// Hears of it before the elements inside do.
    pub fn capturing(
        target: &EventTarget,
        name: &'static str,
        heard: impl FnMut(Event) + 'static,
    ) -> Listener {
        Listener::listen(target, name, true, heard)
    }

    fn listen(
        target: &EventTarget,
        name: &'static str,
        capture: bool,
        heard: impl FnMut(Event) + 'static,
    ) -> Listener {
        let heard = Closure::<dyn FnMut(Event)>::new(heard);
        let callback = heard.as_ref().unchecked_ref();
        target
            .add_event_listener_with_callback_and_bool(name, callback, capture)
            .ok();
        Listener {
            target: target.clone(),
            name,
            capture,
            heard,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let callback = self.heard.as_ref().unchecked_ref();
        let Listener {
            target,
            name,
            capture,
            ..
        } = self;
        target
            .remove_event_listener_with_callback_and_bool(name, callback, *capture)
            .ok();
    }
}

/// Whether this element is a place to type in, where letters and the space bar are text.
pub fn takes_text(element: &Element) -> bool {
    let tag = element.tag_name();
    let field = match tag.as_str() {
        "TEXTAREA" | "SELECT" => true,
        "INPUT" => !matches!(
            element.get_attribute("type").as_deref(),
            Some("range" | "checkbox" | "radio" | "button")
        ),
        _ => false,
    };
    field
        || element
            .closest("[contenteditable], .monaco-editor")
            .ok()
            .flatten()
            .is_some()
}

/// The element that has the focus.
pub fn focused() -> Option<Element> {
    document().active_element()
}

/// Gives an element the focus, if it is there.
pub fn focus(selector: &str) {
    let found = document().query_selector(selector).ok().flatten();
    if let Some(element) = found.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        element.focus().ok();
    }
}
