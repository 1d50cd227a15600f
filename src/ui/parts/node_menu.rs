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
            let menu = place.cast::<Element>();
            if let Some(first) = menu.as_ref().and_then(|menu| item(menu, 0)) {
                first.focus().ok();
            }
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
            move || drop(outside)
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
        <div ref={place} class="menu" role="menu" aria-label={name.clone()} onkeydown={key}>
            { choice(power, props) }
            { choice(cordon, props) }
            <button role="menuitem" tabindex="-1" aria-disabled="true" title={t().not_yet}>
                { t().drain }<code>{ format!("kubectl drain {name}") }</code>
            </button>
            <button role="menuitem" tabindex="-1" class="narrow-only" onclick={details}>
                { t().details }
            </button>
        </div>
    }
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
