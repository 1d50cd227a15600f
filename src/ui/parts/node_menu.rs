//! What can be done to a node, as a small menu. Each item is a line for the console.
//!
//! Upstream: the ARIA menu pattern for the keys.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use crate::ui::act::{Act, Tab};
use crate::ui::dom::{self, Listener};
use crate::ui::i18n::t;

#[derive(Properties, PartialEq)]
pub struct NodeMenuProps {
    pub name: AttrValue,
    pub powered: bool,
    pub cordoned: bool,
    pub close: Callback<Option<AttrValue>>,
    pub act: Callback<Act>,
}

#[component]
pub fn NodeMenu(props: &NodeMenuProps) -> Html {
    let place = use_node_ref();
    {
        let (place, close) = (place.clone(), props.close.clone());
        use_effect_with((), move |()| {
            let listeners = open(&place, &close);
            move || drop(listeners)
        });
    }
    let name = &props.name;
    let power = if props.powered {
        (t().switch_off, format!("node off {name}"))
    } else {
        (t().switch_on, format!("node on {name}"))
    };
    let cordon = if props.cordoned {
        (t().uncordon, format!("kubectl uncordon {name}"))
    } else {
        (t().cordon, format!("kubectl cordon {name}"))
    };
    let drain = (
        t().drain,
        format!("kubectl drain {name} --ignore-daemonsets"),
    );
    let key = {
        let (place, close) = (place.clone(), props.close.clone());
        Callback::from(move |event: KeyboardEvent| {
            if let Some(menu) = place.cast::<Element>() {
                walk(&menu, &event, &close);
            }
        })
    };
    let details = {
        let (close, act) = (props.close.clone(), props.act.clone());
        Callback::from(move |_: MouseEvent| {
            close.emit(None);
            act.emit(Act::Show(Tab::Details));
        })
    };
    html! {
        <div
            ref={place} class="menu" role="menu" popover="manual" aria-label={name.clone()}
            onkeydown={key}
        >
            { choice(power, props) }
            { choice(cordon, props) }
            { choice(drain, props) }
            <button role="menuitem" tabindex="-1" class="narrow-only" onclick={details}>
                { t().details }
            </button>
        </div>
    }
}

/// Shows the menu, and listens for what closes it.
fn open(place: &NodeRef, close: &Callback<Option<AttrValue>>) -> (Listener, Listener) {
    let menu = place.cast::<Element>();
    if let Some(menu) = &menu {
        // Above all panes, whatever they cut off.
        if let Some(element) = menu.dyn_ref::<HtmlElement>() {
            element.show_popover().ok();
        }
        put(menu);
        if let Some(first) = item(menu, 0) {
            first.focus().ok();
        }
    }
    let (scrolled, close) = (close.clone(), close.clone());
    let scrolls = Listener::capturing(&dom::document(), "scroll", move |event| {
        let of_map = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        if of_map.is_some_and(|own| own.class_list().contains("map-scroll")) {
            scrolled.emit(None);
        }
    });
    // A press anywhere else closes it; on its own node's name that does it by itself.
    let outside = Listener::capturing(&dom::document(), "pointerdown", move |event| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        let own = menu.as_ref().and_then(|menu| menu.parent_element());
        let inside = own.zip(target).is_some_and(|(own, target)| {
            let part = target.closest(".node-head, .menu").ok().flatten();
            own.contains(Some(&target)) && part.is_some()
        });
        if !inside {
            close.emit(None);
        }
    });
    (outside, scrolls)
}

/// Puts the menu under its node's name, or above it where there is no room, within the window.
fn put(menu: &Element) -> Option<()> {
    const GAP: f64 = 8.0;
    let own = menu.get_bounding_client_rect();
    let node = menu.parent_element()?.get_bounding_client_rect();
    let window = dom::window();
    let wide = window.inner_width().ok()?.as_f64()?;
    let high = window.inner_height().ok()?.as_f64()?;
    let left = (node.left() + GAP).min(wide - own.width() - GAP).max(GAP);
    let below = node.top() + 40.0;
    let above = node.top() - own.height() - 2.0;
    let top = if below + own.height() > high - GAP {
        above.max(GAP)
    } else {
        below
    };
    let style = menu.dyn_ref::<HtmlElement>()?.style();
    style.set_property("left", &format!("{left:.0}px")).ok()?;
    style.set_property("top", &format!("{top:.0}px")).ok()
}

fn choice((word, line): (&'static str, String), props: &NodeMenuProps) -> Html {
    let (act, close, run) = (props.act.clone(), props.close.clone(), line.clone());
    let press = Callback::from(move |_: MouseEvent| {
        close.emit(None);
        act.emit(Act::Run(run.clone()));
    });
    html! {
        <button role="menuitem" tabindex="-1" onclick={press}>{ word }<code>{ line }</code></button>
    }
}

fn walk(menu: &Element, event: &KeyboardEvent, close: &Callback<Option<AttrValue>>) {
    let count = menu.child_element_count();
    let own = (0..count).find(|index| {
        let here = item(menu, *index);
        here.is_some_and(|here| dom::focused().as_ref() == Some(here.as_ref()))
    });
    let to = match event.key().as_str() {
        "ArrowDown" => own.map_or(0, |own| (own + 1) % count),
        "ArrowUp" => own.map_or(0, |own| (own + count - 1) % count),
        "Home" => 0,
        "End" => count - 1,
        "Escape" | "Tab" => {
            let head = menu
                .parent_element()
                .and_then(|own| own.first_element_child());
            if let Some(head) = head.and_then(|head| head.dyn_into::<HtmlElement>().ok()) {
                head.focus().ok();
            }
            close.emit(None);
            event.prevent_default();
            return;
        }
        _ => return,
    };
    event.prevent_default();
    if let Some(to) = item(menu, to) {
        to.focus().ok();
    }
}

fn item(menu: &Element, index: u32) -> Option<HtmlElement> {
    menu.children().item(index)?.dyn_into().ok()
}
