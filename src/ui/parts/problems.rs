//! The list under the editor: what is wrong with the manifest, each at its place.
//!
//! Upstream: none.

use yew::prelude::*;

use crate::ui::act::Act;
use crate::ui::i18n::{fill, t};
use crate::ui::shared::Shared;
use crate::view::Problem;

/// More than this many are counted, not listed.
const MOST: usize = 100;

#[derive(Properties, PartialEq)]
pub struct ProblemsProps {
    pub problems: Shared<Vec<Problem>>,
    pub act: Callback<Act>,
}

#[component]
pub fn Problems(props: &ProblemsProps) -> Html {
    let count = props.problems.len();
    if count == 0 {
        return html! {
            <p class="no-problems" role="status" data-problem-count="0">{ t().no_problems }</p>
        };
    }
    let title = match count {
        1 => t().one_problem.to_owned(),
        _ => fill(t().problems, &[&count.to_string()]),
    };
    html! {
        <div class="problems" data-problem-count={count.to_string()}>
            <h2 class="pane-title" role="status">{ title }</h2>
            <ul>
                { for props.problems.iter().take(MOST).map(|problem| row(problem, &props.act)) }
            </ul>
        </div>
    }
}

fn row(problem: &Problem, act: &Callback<Act>) -> Html {
    let (line, column) = (problem.line, problem.column);
    let act = act.clone();
    let go = Callback::from(move |_: MouseEvent| act.emit(Act::Jump(line, column)));
    let class = classes!("problem", problem.warning.then_some("warning"));
    let place = format!("{line}:{column}");
    html! {
        <li>
            <button {class} onclick={go} data-problem={place.clone()}>
                <span class="place">{ place }</span>
                <span class="message">{ &problem.message }</span>
                if !problem.object.is_empty() {
                    <span class="object">{ &problem.object }</span>
                }
            </button>
        </li>
    }
}
