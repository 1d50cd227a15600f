//! The top of the page: the name, what world this is, and the page's own switches.
//!
//! Upstream: none.

use yew::prelude::*;

use super::icons::icon;
use crate::ui::act::{Act, Dialog, Theme};
use crate::ui::i18n::{fill, t};
use crate::ui::shared::Shared;
use crate::ui::time_text;
use crate::view::ClockView;

#[derive(Properties, PartialEq)]
pub struct HeaderProps {
    pub clock: Shared<ClockView>,
    pub theme: Theme,
    pub act: Callback<Act>,
}

#[component]
pub fn Header(props: &HeaderProps) -> Html {
    let clock = &props.clock;
    let on = |make: fn() -> Act| {
        let act = props.act.clone();
        Callback::from(move |_: MouseEvent| act.emit(make()))
    };
    let theme = props.theme;
    let look = {
        let act = props.act.clone();
        Callback::from(move |_: MouseEvent| act.emit(Act::Look(theme.next())))
    };
    let theme_name = match theme {
        Theme::System => t().theme_system,
        Theme::Light => t().theme_light,
        Theme::Dark => t().theme_dark,
    };
    let started = clock.start_us != 0;
    html! {
        <header class="top">
            <Orrery turn={clock.now_us - clock.start_us} />
            <h1>{ t().title }</h1>
            <p class="facts">
                if started {
                    <button
                        class="fact" data-seed={clock.seed.to_string()}
                        title={t().start_again_title}
                        onclick={on(|| Act::Open(Some(Dialog::StartAgain)))}
                    >
                        { fill(t().seed, &[&clock.seed.to_string()]) }
                    </button>
                    <span class="fact epoch" title={t().epoch_title}>
                        { fill(t().epoch, &[&time_text::rfc3339(clock.start_us)]) }
                    </span>
                }
            </p>
            <div class="switches">
                <button class="button" onclick={on(|| Act::Share)} title={t().share_title}>
                    { icon("share") }<span class="word">{ t().share }</span>
                </button>
                <button
                    class="button plain" onclick={look} data-theme-button={theme.name()}
                    aria-label={theme_name} title={theme_name}
                >
                    { icon(theme.name()) }
                </button>
                <button
                    class="button plain wide-only" aria-label={t().shortcuts} title={t().shortcuts}
                    onclick={on(|| Act::Open(Some(Dialog::Shortcuts)))}
                >
                    { icon("keyboard") }
                </button>
                <button
                    class="button plain" aria-label={t().about} title={t().about}
                    onclick={on(|| Act::Open(Some(Dialog::About)))}
                >
                    { icon("help") }
                </button>
            </div>
        </header>
    }
}

#[derive(Properties, PartialEq)]
struct OrreryProps {
    turn: i64,
}

/// The page's mark: three bodies on their rings, turned by the simulated clock.
#[component]
fn Orrery(props: &OrreryProps) -> Html {
    let seconds = props.turn as f64 / 1e6;
    let at = |period: f64| format!("rotate({:.1} 16 16)", seconds / period * 360.0 % 360.0);
    html! {
        <svg class="orrery" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
            <circle class="ring" cx="16" cy="16" r="6" />
            <circle class="ring" cx="16" cy="16" r="10" />
            <circle class="ring" cx="16" cy="16" r="14" />
            <circle class="sun" cx="16" cy="16" r="2.6" />
            <g transform={at(10.0)}><circle class="body" cx="22" cy="16" r="1.6" /></g>
            <g transform={at(60.0)}><circle class="body" cx="9" cy="8.9" r="2" /></g>
            <g transform={at(600.0)}><circle class="body" cx="23" cy="28.1" r="1.8" /></g>
        </svg>
    }
}
