//! The time bar: the clock, its speed, and the ways to move it.
//!
//! Upstream: none.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::icons::icon;
use crate::session::{Msg, Step};
use crate::ui::act::Act;
use crate::ui::i18n::{fill, t};
use crate::ui::shared::Shared;
use crate::ui::time_text;
use crate::view::ClockView;

/// The speed slider's range: powers of ten times a hundred.
const SLOWEST: f64 = 0.25;
const FASTEST: f64 = 1000.0;
const NOTCHES: f64 = 360.0;
/// Marks that lie closer than this part of the scrubber are drawn as one.
const MARK_GAP: f64 = 0.004;

#[derive(Properties, PartialEq)]
pub struct TimeBarProps {
    pub clock: Shared<ClockView>,
    pub behind_us: i64,
    pub act: Callback<Act>,
}

#[component]
pub fn TimeBar(props: &TimeBarProps) -> Html {
    let clock = &*props.clock;
    html! {
        <section
            class={classes!("timebar", clock.in_past.then_some("past"))} aria-label={t().time}
        >
            { scrubber(clock, &props.act) }
            <div class="controls">
                { buttons(clock, &props.act) }
                { speed(clock, &props.act) }
                { reading(clock, props.behind_us) }
            </div>
        </section>
    }
}

fn buttons(clock: &ClockView, act: &Callback<Act>) -> Html {
    let button = |face: Html, title: &'static str, name: &'static str, msg: Msg| {
        let act = act.clone();
        let press = Callback::from(move |_: MouseEvent| act.emit(Act::Send(msg.clone())));
        html! {
            <button class="button" {title} data-step={name} onclick={press}>{ face }</button>
        }
    };
    let toggle = {
        let act = act.clone();
        Callback::from(move |_: MouseEvent| act.emit(Act::TogglePlay))
    };
    let (face, title) = if clock.playing {
        ("pause", t().pause)
    } else {
        ("play", t().play)
    };
    let jump = |seconds: i64| Msg::Step(Step::Forward(seconds * 1_000_000));
    html! {
        <div class="buttons" role="group" aria-label={t().steps}>
            { button(icon("back"), t().back, "back", Msg::Step(Step::Back)) }
            <button
                class="button wheel" onclick={toggle} aria-label={title} title={title}
                data-play={clock.playing.to_string()}
            >
                { icon(face) }
            </button>
            { button(icon("next"), t().next_event, "next", Msg::Step(Step::NextEvent)) }
            { button(html! { t().plus_1s }, t().plus_1s_title, "1s", jump(1)) }
            { button(html! { t().plus_10s }, t().plus_10s_title, "10s", jump(10)) }
            { button(html! { t().plus_1m }, t().plus_1m_title, "1m", jump(60)) }
        </div>
    }
}

fn speed(clock: &ClockView, act: &Callback<Act>) -> Html {
    let act = act.clone();
    let slide = Callback::from(move |event: InputEvent| {
        if let Some(input) = event.target_dyn_into::<HtmlInputElement>() {
            let notch = input.value_as_number() / NOTCHES;
            let exact = SLOWEST * js_sys::Math::pow(FASTEST / SLOWEST, notch);
            act.emit(Act::Send(Msg::Speed(round_speed(exact))));
        }
    });
    let notch = js_sys::Math::log(clock.speed.max(SLOWEST) / SLOWEST)
        / js_sys::Math::log(FASTEST / SLOWEST)
        * NOTCHES;
    let text = time_text::speed(clock.speed);
    html! {
        <label class="speed" title={t().speed_title}>
            <span class="word">{ t().speed }</span>
            <input
                type="range" min="0" max={NOTCHES.to_string()} step="1" oninput={slide}
                value={notch.round().to_string()} aria-label={t().speed}
                aria-valuetext={text.clone()} data-speed={clock.speed.to_string()}
            />
            <output>{ text }</output>
        </label>
    }
}

/// Speeds that people say: two leading digits, and one where it is close to it.
fn round_speed(exact: f64) -> f64 {
    for plain in [
        0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0,
    ] {
        if (exact / plain - 1.0_f64).abs() < 0.06 {
            return plain;
        }
    }
    match exact {
        small if small < 1.0 => (small * 20.0).round() / 20.0,
        middle if middle < 10.0 => (middle * 10.0).round() / 10.0,
        large if large < 100.0 => large.round(),
        huge => (huge / 10.0).round() * 10.0,
    }
}

fn reading(clock: &ClockView, behind_us: i64) -> Html {
    if clock.start_us == 0 {
        return html! {};
    }
    let hash = format!("{:016x}", clock.hash);
    html! {
        <div class="reading">
            if clock.in_past {
                <span class="in-past" title={t().in_past_title}>{ t().in_past }</span>
            }
            if behind_us > 1_000_000 {
                <span class="behind">
                    { fill(t().behind, &[&(behind_us / 1_000_000).to_string()]) }
                </span>
            }
            <span class="elapsed" data-clock={clock.now_us.to_string()}>
                { time_text::since_start(clock.now_us - clock.start_us) }
            </span>
            <span class="date">
                { time_text::date_time(clock.now_us) }<span class="zone">{ " UTC" }</span>
            </span>
            <span class="hash" title={fill(t().hash_title, &[&hash])} data-hash={hash.clone()}>
                <span class="word">{ t().state }</span>{ &hash[..8] }
            </span>
        </div>
    }
}

fn scrubber(clock: &ClockView, act: &Callback<Act>) -> Html {
    let act = act.clone();
    let start = clock.start_us;
    let slide = Callback::from(move |event: InputEvent| {
        if let Some(input) = event.target_dyn_into::<HtmlInputElement>() {
            let to = start + (input.value_as_number() * 1000.0) as i64;
            act.emit(Act::Send(Msg::Step(Step::To(to))));
        }
    });
    let whole = (clock.end_us - start).max(1);
    let part = |at: i64| (at - start) as f64 / whole as f64;
    let now = part(clock.now_us).clamp(0.0, 1.0);
    html! {
        <div class="scrub" style={format!("--now:{:.3}%", now * 100.0)}>
            <div class="track" aria-hidden="true">
                { for thinned(clock, part).into_iter().map(|(at, what)| html! {
                    <i class="mark" style={format!("left:{:.3}%", at * 100.0)} title={what} />
                }) }
            </div>
            <input
                type="range" min="0" max={(whole / 1000).to_string()} step="1"
                value={((clock.now_us - start) / 1000).to_string()} oninput={slide}
                aria-label={t().scrubber} data-scrubber=""
                aria-valuetext={time_text::since_start_short(clock.now_us - start)}
            />
        </div>
    }
}

/// The visitor's acts as marks, those that would lie on each other as one.
fn thinned(clock: &ClockView, part: impl Fn(i64) -> f64) -> Vec<(f64, String)> {
    let mut marks: Vec<(f64, String)> = Vec::new();
    for (at, what) in &clock.marks {
        let place = part(*at);
        match marks.last_mut() {
            Some((last, words)) if place - *last < MARK_GAP => {
                words.push('\n');
                words.push_str(what);
            }
            _ => marks.push((place, what.clone())),
        }
    }
    marks
}
