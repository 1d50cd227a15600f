//! The few dialogs: shortcuts, about, starting again, a link to copy by hand.
//!
//! Upstream: none.

use web_sys::{HtmlDialogElement, HtmlInputElement};
use yew::prelude::*;

use super::icons::icon;
use crate::ui::act::{Act, Dialog};
use crate::ui::i18n::t;

#[derive(Properties, PartialEq)]
pub struct DialogsProps {
    pub dialog: Option<Dialog>,
    pub seed: u64,
    pub act: Callback<Act>,
}

#[component]
pub fn Dialogs(props: &DialogsProps) -> Html {
    let (title, inside) = match &props.dialog {
        None => return html! {},
        Some(Dialog::Shortcuts) => (t().shortcuts, shortcuts()),
        Some(Dialog::About) => (t().about, about()),
        Some(Dialog::StartAgain) => (
            t().start_again,
            html! { <StartAgain seed={props.seed} act={props.act.clone()} /> },
        ),
        Some(Dialog::Link(link)) => (t().share, by_hand(link)),
    };
    html! { <Modal {title} act={props.act.clone()}>{ inside }</Modal> }
}

#[derive(Properties, PartialEq)]
struct ModalProps {
    title: AttrValue,
    act: Callback<Act>,
    children: Html,
}

#[component]
fn Modal(props: &ModalProps) -> Html {
    let place = use_node_ref();
    {
        let place = place.clone();
        use_effect_with((), move |()| {
            if let Some(dialog) = place.cast::<HtmlDialogElement>() {
                dialog.show_modal().ok();
            }
        });
    }
    let act = props.act.clone();
    let close = Callback::from(move |()| act.emit(Act::Open(None)));
    html! {
        <dialog
            ref={place} aria-label={props.title.clone()} onclose={close.reform(|_: Event| ())}
        >
            <div class="dialog-head">
                <h2>{ &props.title }</h2>
                <button
                    class="button plain" aria-label={t().close} title={t().close}
                    onclick={close.reform(|_: MouseEvent| ())}
                >
                    { icon("close") }
                </button>
            </div>
            { props.children.clone() }
        </dialog>
    }
}

fn shortcuts() -> Html {
    let words = t();
    let rows = [
        ("Ctrl+Enter", words.key_apply),
        ("Space  .", words.key_play),
        ("←", words.key_back),
        ("→", words.key_next),
        ("1  2  3", words.key_forward),
        ("/", words.key_console),
        ("↑  ↓", words.key_history),
        ("Ctrl+C", words.key_interrupt),
        ("Ctrl+M", words.key_leave),
        ("F8", words.key_problem),
        ("?", words.key_help),
    ];
    html! {
        <dl class="keys">
            { for rows.map(|(keys, what)| html! {
                <>
                    <dt>{ for keys.split("  ").map(|key| html! { <kbd>{ key }</kbd> }) }</dt>
                    <dd>{ what }</dd>
                </>
            }) }
        </dl>
    }
}

fn about() -> Html {
    html! {
        <div class="prose">
            <p>{ t().about_what }</p>
            <p>{ t().about_seed }</p>
            <p>{ t().about_private }</p>
            <h3>{ t().fidelity }</h3>
            <p>{ t().fidelity_text }</p>
            <p><a href="fidelity.html" target="_blank" rel="noopener">{ t().fidelity_link }</a></p>
        </div>
    }
}

fn by_hand(link: &str) -> Html {
    html! {
        <div class="prose">
            <p>{ t().share_by_hand }</p>
            <textarea class="link" readonly=true rows="4" aria-label={t().share} value={link.to_owned()} />
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct StartAgainProps {
    seed: u64,
    act: Callback<Act>,
}

#[component]
fn StartAgain(props: &StartAgainProps) -> Html {
    let field = use_node_ref();
    let go = {
        let (field, act, seed) = (field.clone(), props.act.clone(), props.seed);
        Callback::from(move |_: MouseEvent| {
            let typed = field.cast::<HtmlInputElement>().map(|input| input.value());
            let typed = typed.and_then(|text| text.trim().parse().ok());
            act.emit(Act::StartAgain(typed.unwrap_or(seed)));
        })
    };
    html! {
        <div class="prose">
            <p>{ t().start_again_text }</p>
            <p class="seed-row">
                <label>
                    { t().seed_word }
                    <input ref={field} inputmode="numeric" value={props.seed.to_string()} />
                </label>
                <button class="button strong" onclick={go}>{ t().start_again }</button>
            </p>
        </div>
    }
}
