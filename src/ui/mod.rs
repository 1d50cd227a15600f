//! The page: a skin over the session, which runs in a worker. It knows the read models and the
//! messages, and nothing of the simulator. Runs in a browser only.
//!
//! Upstream: none.

mod act;
mod app;
mod chunks;
mod core;
mod dom;
mod draft;
mod i18n;
mod map_model;
mod monaco;
mod parts;
mod pump;
mod shared;
mod time_text;
mod words;

use wasm_bindgen::prelude::*;

/// Puts the page into the element `#app` of index.html.
pub fn start() {
    let root = dom::document()
        .get_element_by_id("app")
        .expect_throw("index.html has an element #app");
    // What index.html shows until now makes room.
    root.set_inner_html("");
    yew::Renderer::<app::App>::with_root(root).render();
}
