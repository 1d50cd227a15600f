//! A line between two panes that can be dragged, or moved with the arrow keys. What the visitor
//! chose is remembered.
//!
//! Upstream: none.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use crate::ui::dom;

/// Which measure of the layout the line sets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// Width of the editor.
    Left,
    /// Height of the console.
    Lower,
    /// Width of the details.
    Right,
}

const KEY_STEP: f64 = 24.0;

impl Edge {
    fn name(self) -> &'static str {
        match self {
            Edge::Left => "left",
            Edge::Lower => "lower",
            Edge::Right => "right",
        }
    }

    /// The measure for a line at this place of the desk.
    fn measure(self, desk: &Element, x: f64, y: f64) -> f64 {
        let area = desk.get_bounding_client_rect();
        match self {
            Edge::Left => x - area.left(),
            Edge::Lower => area.bottom() - y,
            Edge::Right => area.right() - x,
        }
    }

    fn most(self, desk: &Element) -> f64 {
        let area = desk.get_bounding_client_rect();
        let whole = if self == Edge::Lower {
            area.height()
        } else {
            area.width()
        };
        whole * if self == Edge::Lower { 0.8 } else { 0.45 }
    }

    fn set(self, desk: &Element, size: f64) {
        let size = size.min(self.most(desk)).max(120.0).round();
        if let Ok(Some(page)) = desk.closest(".page") {
            let style = page.unchecked_into::<HtmlElement>().style();
            style
                .set_property(&format!("--{}", self.name()), &format!("{size}px"))
                .ok();
        }
        dom::remember(&format!("size-{}", self.name()), &size.to_string());
    }
}

#[derive(Properties, PartialEq)]
pub struct SplitterProps {
    pub edge: Edge,
    pub label: AttrValue,
}

#[component]
pub fn Splitter(props: &SplitterProps) -> Html {
    let edge = props.edge;
    let place = use_node_ref();
    let desk = {
        let place = place.clone();
        move || {
            place
                .cast::<Element>()
                .and_then(|own| own.closest(".desk").ok().flatten())
        }
    };
    {
        let desk = desk.clone();
        use_effect_with((), move |()| {
            let size = dom::recall(&format!("size-{}", edge.name()));
            let size = size.and_then(|size| size.parse::<f64>().ok());
            if let (Some(size), Some(desk)) = (size.filter(|size| size.is_finite()), desk()) {
                edge.set(&desk, size);
            }
        });
    }
    let grab = Callback::from(|event: PointerEvent| {
        event.prevent_default();
        if let Some(line) = event.target_dyn_into::<Element>() {
            line.set_pointer_capture(event.pointer_id()).ok();
        }
    });
    let drag = {
        let desk = desk.clone();
        Callback::from(move |event: PointerEvent| {
            let held = event.target_dyn_into::<Element>();
            let held = held.is_some_and(|line| line.has_pointer_capture(event.pointer_id()));
            if let Some(desk) = desk().filter(|_| held) {
                let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
                edge.set(&desk, edge.measure(&desk, x, y));
            }
        })
    };
    let key = {
        let place = place.clone();
        Callback::from(move |event: KeyboardEvent| {
            let by = match event.key().as_str() {
                "ArrowLeft" | "ArrowUp" => -KEY_STEP,
                "ArrowRight" | "ArrowDown" => KEY_STEP,
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            if let (Some(desk), Some(line)) = (desk(), place.cast::<Element>()) {
                let area = line.get_bounding_client_rect();
                let (x, y) = (
                    area.left() + area.width() / 2.0,
                    area.top() + area.height() / 2.0,
                );
                edge.set(&desk, edge.measure(&desk, x + by, y + by));
            }
        })
    };
    let orientation = if edge == Edge::Lower {
        "horizontal"
    } else {
        "vertical"
    };
    html! {
        <div
            ref={place} class={classes!("splitter", edge.name())} role="separator" tabindex="0"
            aria-label={props.label.clone()} aria-orientation={orientation} aria-valuenow="50"
            onpointerdown={grab} onpointermove={drag} onkeydown={key}
        />
    }
}
