//! The console: what was said and answered, and a line to type in.
//!
//! Upstream: none; it behaves like a shell's prompt.

use web_sys::{Element, HtmlInputElement};
use yew::prelude::*;

use crate::session::Msg;
use crate::ui::act::Act;
use crate::ui::chunks::Chunks;
use crate::ui::i18n::{note, t};
use crate::ui::shared::Shared;
use crate::view::{ConsoleLine, Prompt, Stream};

#[derive(Properties, PartialEq)]
pub struct ConsoleProps {
    pub lines: Option<Chunks<ConsoleLine>>,
    pub prompt: Prompt,
    pub act: Callback<Act>,
}

#[component]
pub fn Console(props: &ConsoleProps) -> Html {
    let scroll = use_node_ref();
    let follows = use_mut_ref(|| true);
    {
        let (scroll, follows) = (scroll.clone(), follows.clone());
        let seen = (props.lines.clone(), props.prompt);
        use_effect_with(seen, move |_| {
            if let Some(element) = scroll.cast::<Element>().filter(|_| *follows.borrow()) {
                element.set_scroll_top(element.scroll_height());
            }
        });
    }
    // It follows its end, until the visitor scrolls away from it.
    let scrolled = Callback::from(move |event: Event| {
        if let Some(element) = event.target_dyn_into::<Element>() {
            let below = element.scroll_height() - element.scroll_top() - element.client_height();
            *follows.borrow_mut() = below < 24;
        }
    });
    let pieces = props.lines.as_ref().map(Chunks::pieces).unwrap_or_default();
    html! {
        <div class="console">
            <div class="console-title"><h2 class="pane-title">{ t().console }</h2>
                <span class="quiet">{ t().console_hint }</span>
            </div>
            <div
                ref={scroll} class="transcript" role="log" tabindex="0"
                aria-label={t().console_output} data-console-output="" onscroll={scrolled}
            >
                if pieces.is_empty() {
                    <p class="line note">{ t().console_empty }</p>
                }
                { for pieces.iter().map(|(key, lines)| html! {
                    <Lines key={*key} lines={lines.clone()} />
                }) }
                { waiting(props.prompt) }
            </div>
            <Line prompt={props.prompt} act={props.act.clone()} />
        </div>
    }
}

fn waiting(prompt: Prompt) -> Html {
    let text = match prompt {
        Prompt::Ready => return html! {},
        Prompt::Waiting => t().waiting,
        Prompt::WaitingPaused => t().waiting_paused,
    };
    html! { <p class="line waiting" data-waiting="">{ text }</p> }
}

#[derive(Properties, PartialEq)]
struct LinesProps {
    lines: Shared<Vec<ConsoleLine>>,
}

#[component]
fn Lines(props: &LinesProps) -> Html {
    html! { { for props.lines.iter().map(line) } }
}

fn line(line: &ConsoleLine) -> Html {
    match line.stream {
        Stream::Input => html! {
            <p class="line input"><span class="sign">{ "$ " }</span>{ &line.text }</p>
        },
        Stream::Out => html! { <p class="line">{ &line.text }</p> },
        Stream::Err => html! { <p class="line err">{ &line.text }</p> },
        Stream::Note => html! { <p class="line note">{ note(&line.text) }</p> },
    }
}

/// What was typed before, and where the visitor leafs in it.
#[derive(Default)]
struct Past {
    lines: Vec<String>,
    at: usize,
}

#[derive(Properties, PartialEq)]
struct LineProps {
    prompt: Prompt,
    act: Callback<Act>,
}

#[component]
fn Line(props: &LineProps) -> Html {
    let field = use_node_ref();
    let past = use_mut_ref(Past::default);
    let key = {
        let (field, act, prompt) = (field.clone(), props.act.clone(), props.prompt);
        Callback::from(move |event: KeyboardEvent| {
            let Some(input) = field.cast::<HtmlInputElement>() else {
                return;
            };
            let plain = !event.ctrl_key() && !event.meta_key() && !event.alt_key();
            let mut past = past.borrow_mut();
            match event.key().as_str() {
                "Enter" if plain && prompt == Prompt::Ready => {
                    let line = input.value().trim().to_owned();
                    if !line.is_empty() {
                        past.lines.retain(|known| *known != line);
                        past.lines.push(line.clone());
                        past.at = past.lines.len();
                        input.set_value("");
                        act.emit(Act::Run(line));
                    }
                }
                "ArrowUp" if plain && past.at > 0 => {
                    past.at -= 1;
                    leaf(&input, &past, &event);
                }
                "ArrowDown" if plain && past.at < past.lines.len() => {
                    past.at += 1;
                    leaf(&input, &past, &event);
                }
                // With something selected the same keys copy it.
                "c" if event.ctrl_key() && input.selection_start() == input.selection_end() => {
                    event.prevent_default();
                    input.set_value("");
                    act.emit(Act::Send(Msg::Interrupt));
                }
                _ => {}
            }
        })
    };
    let waits = props.prompt != Prompt::Ready;
    html! {
        <label class={classes!("prompt", waits.then_some("waits"))}>
            <span class="sign" aria-hidden="true">{ "$" }</span>
            <input
                ref={field} onkeydown={key} data-console-input="" spellcheck="false"
                autocomplete="off" autocapitalize="off" aria-label={t().console_input}
                placeholder={if waits { t().console_interrupt } else { t().console_placeholder }}
            />
        </label>
    }
}

fn leaf(input: &HtmlInputElement, past: &Past, event: &KeyboardEvent) {
    event.prevent_default();
    let line = past
        .lines
        .get(past.at)
        .map(String::as_str)
        .unwrap_or_default();
    input.set_value(line);
    let end = line.encode_utf16().count() as u32;
    input.set_selection_range(end, end).ok();
}
