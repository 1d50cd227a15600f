//! The list of what happened: events of the cluster and acts of the visitor, newest at the top.
//!
//! Upstream: none.

use std::rc::Rc;

use yew::prelude::*;

use crate::session::{Msg, Step};
use crate::ui::act::Act;
use crate::ui::chunks::Chunks;
use crate::ui::i18n::{fill, t};
use crate::ui::shared::Shared;
use crate::ui::time_text;
use crate::view::TimelineEntry;

/// Pieces of the list that are drawn at first: some hundred entries.
const PIECES_AT_FIRST: usize = 2;

#[derive(Properties, PartialEq)]
pub struct TimelineProps {
    pub entries: Option<Chunks<Rc<TimelineEntry>>>,
    pub start_us: i64,
    pub act: Callback<Act>,
}

#[component]
pub fn Timeline(props: &TimelineProps) -> Html {
    let pieces = props
        .entries
        .as_ref()
        .map(Chunks::pieces)
        .unwrap_or_default();
    // Only the newest are on the page, until more are asked for.
    let shown = use_state(|| PIECES_AT_FIRST);
    let more = {
        let shown = shown.clone();
        Callback::from(move |_: MouseEvent| shown.set(*shown + PIECES_AT_FIRST))
    };
    html! {
        <section class="pane timeline" aria-label={t().events}>
            <h2 class="pane-title">{ t().events }</h2>
            <div class="entries" tabindex="0" role="region" aria-label={t().events_list}>
                if pieces.iter().all(|(_, entries)| entries.is_empty()) {
                    <p class="quiet empty">{ t().events_empty }</p>
                }
                { for pieces.iter().rev().take(*shown).map(|(key, entries)| html! {
                    <Piece
                        key={*key} entries={entries.clone()} start_us={props.start_us}
                        act={props.act.clone()}
                    />
                }) }
                if pieces.len() > *shown {
                    <button class="button earlier" onclick={more}>{ t().events_earlier }</button>
                }
            </div>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct PieceProps {
    entries: Shared<Vec<Rc<TimelineEntry>>>,
    start_us: i64,
    act: Callback<Act>,
}

#[component]
fn Piece(props: &PieceProps) -> Html {
    html! {
        <ol reversed=true>
            { for props.entries.iter().enumerate().rev().map(|(index, entry)| html! {
                <Row
                    key={index} entry={entry.clone()} start_us={props.start_us}
                    act={props.act.clone()}
                />
            }) }
        </ol>
    }
}

#[derive(Properties, PartialEq)]
struct RowProps {
    entry: Rc<TimelineEntry>,
    start_us: i64,
    act: Callback<Act>,
}

#[component]
fn Row(props: &RowProps) -> Html {
    html! { <li>{ entry_row(&props.entry, props.start_us, &props.act) }</li> }
}

/// One event: when, what about, why, in words. Used by the detail pane as well.
pub fn entry_row(entry: &TimelineEntry, start_us: i64, act: &Callback<Act>) -> Html {
    let at = entry.at_us;
    let go = {
        let act = act.clone();
        Callback::from(move |_: MouseEvent| act.emit(Act::Send(Msg::Step(Step::To(at)))))
    };
    let select = {
        let (act, object) = (act.clone(), entry.object.clone());
        Callback::from(move |_: MouseEvent| act.emit(Act::Select(Some(object.clone()))))
    };
    let moment = time_text::since_start(at - start_us);
    let class = classes!("entry", entry.warning.then_some("warning"));
    html! {
        <div {class}>
            <button
                class="moment" onclick={go} title={t().go_to_moment}
                aria-label={fill(t().go_to, &[&moment])}
            >
                { &moment }
            </button>
            <span class="reason">{ &entry.reason }</span>
            if !entry.object.name.is_empty() {
                <button class="object" onclick={select}>
                    <span class="kind">{ &entry.object.kind }</span>{ &entry.object.name }
                </button>
            }
            if entry.count > 1 {
                <span class="count">{ format!("×{}", entry.count) }</span>
            }
            <p class="message">{ &entry.message }</p>
        </div>
    }
}
