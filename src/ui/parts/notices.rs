//! What the page has to say: a confirmation that goes by itself, a trouble that stays until it has
//! been seen, and that the core is slow.
//!
//! Upstream: none.

use yew::prelude::*;

use super::icons::icon;
use crate::ui::act::Act;
use crate::ui::i18n::t;

#[derive(Properties, PartialEq)]
pub struct NoticesProps {
    pub notice: Option<(u32, String)>,
    pub alarm: Option<String>,
    pub busy: bool,
    pub act: Callback<Act>,
}

#[component]
pub fn Notices(props: &NoticesProps) -> Html {
    let on = |make: fn() -> Act| {
        let act = props.act.clone();
        Callback::from(move |_: MouseEvent| act.emit(make()))
    };
    html! {
        <>
            if let Some(alarm) = &props.alarm {
                <div class="alarm" role="alert">
                    { icon("warning") }
                    <p>{ alarm }</p>
                    <button
                        class="button plain" aria-label={t().dismiss} title={t().dismiss}
                        onclick={on(|| Act::DismissAlarm)}
                    >
                        { icon("close") }
                    </button>
                </div>
            }
            if props.busy {
                <div class="alarm busy" role="status">
                    <p>{ t().core_busy }</p>
                    <button class="button" onclick={on(|| Act::ReplaceCore)}>
                        { t().core_replace }
                    </button>
                </div>
            }
            <div class="toast" role="status" aria-live="polite">
                if let Some((number, text)) = &props.notice {
                    <p key={*number}>{ text }</p>
                }
            </div>
        </>
    }
}
