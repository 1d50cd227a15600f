//! Which pane is seen where not all of them fit: above the console on a narrow screen, at the foot
//! of the page on a phone.
//!
//! Upstream: none.

use yew::prelude::*;

use crate::ui::act::{Act, Tab};
use crate::ui::i18n::t;

#[derive(Properties, PartialEq)]
pub struct TabsProps {
    pub tab: Tab,
    /// The row above the console rather than the one at the foot.
    pub lower: bool,
    pub act: Callback<Act>,
}

#[component]
pub fn Tabs(props: &TabsProps) -> Html {
    let words = t();
    let all = [
        (Tab::Map, words.map),
        (Tab::Editor, words.editor),
        (Tab::Console, words.console),
        (Tab::Details, words.details),
        (Tab::Events, words.events),
    ];
    let offered = &all[if props.lower { 2 } else { 0 }..];
    let chosen = match props.tab {
        Tab::Map | Tab::Editor if props.lower => Tab::Console,
        tab => tab,
    };
    let class = if props.lower {
        "tabs lower-tabs"
    } else {
        "tabs foot-tabs"
    };
    html! {
        <nav {class} aria-label={words.panes}>
            { for offered.iter().map(|(tab, word)| {
                let (act, tab) = (props.act.clone(), *tab);
                let show = Callback::from(move |_: MouseEvent| act.emit(Act::Show(tab)));
                let current = (tab == chosen).then_some("page");
                html! {
                    <button aria-current={current} onclick={show} data-show={tab.name()}>
                        { *word }
                    </button>
                }
            }) }
        </nav>
    }
}
