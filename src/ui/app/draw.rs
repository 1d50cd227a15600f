//! How the page is laid out. Which of the panes are seen at which width is the style sheet's
//! business; all of them are always there.
//!
//! Upstream: none.

use yew::prelude::*;

use super::{App, FILE};
use crate::ui::i18n::t;
use crate::ui::parts::console::Console;
use crate::ui::parts::detail::DetailPane;
use crate::ui::parts::dialogs::Dialogs;
use crate::ui::parts::editor::Editor;
use crate::ui::parts::header::Header;
use crate::ui::parts::map::Map;
use crate::ui::parts::notices::Notices;
use crate::ui::parts::problems::Problems;
use crate::ui::parts::splitter::{Edge, Splitter};
use crate::ui::parts::tabs::Tabs;
use crate::ui::parts::timebar::TimeBar;
use crate::ui::parts::timeline::Timeline;

impl App {
    pub(super) fn draw(&self) -> Html {
        let shown = &self.shown;
        let world = &self.world;
        html! {
            <div class="page" data-tab={shown.tab.name()}>
                <Header
                    clock={world.clock.clone()} theme={shown.theme} act={self.act.clone()}
                />
                <Notices
                    notice={shown.notice.clone()} alarm={shown.alarm.clone()} busy={shown.busy}
                    act={self.act.clone()}
                />
                <main class="desk">
                    { self.draw_editor() }
                    <Splitter edge={Edge::Left} label={t().split_editor} />
                    <section class="pane map-pane" aria-label={t().map}>
                        <Map
                            boxes={world.map.boxes.clone()} tray={world.map.tray.clone()}
                            workloads={world.map.workloads.clone()}
                            pod_total={world.map.pod_total} selected={world.selected.clone()}
                            hint={shown.hint} opened={world.opened} act={self.act.clone()}
                        />
                    </section>
                    <Splitter edge={Edge::Lower} label={t().split_console} />
                    <Tabs tab={shown.tab} lower={true} act={self.act.clone()} />
                    { self.draw_console() }
                    <Splitter edge={Edge::Right} label={t().split_details} />
                    <div class="side">
                        <DetailPane
                            detail={world.detail.clone()} selected={world.selected.clone()}
                            start_us={world.clock.start_us} act={self.act.clone()}
                        />
                        { self.draw_timeline() }
                    </div>
                </main>
                <TimeBar
                    clock={world.clock.clone()} behind_us={world.behind_us}
                    act={self.act.clone()}
                />
                <Tabs tab={shown.tab} lower={false} act={self.act.clone()} />
                <Dialogs
                    dialog={shown.dialog.clone()} seed={world.clock.seed}
                    act={self.act.clone()}
                />
            </div>
        }
    }

    fn draw_editor(&self) -> Html {
        html! {
            <section class="pane editor-pane" aria-label={t().editor}>
                <Editor
                    file={FILE} given={self.desk.given.clone()}
                    problems={self.desk.problems.clone()} jump={self.desk.jump}
                    dark={self.shown.dark} load={self.desk.may_check && self.world.bench.is_none()}
                    act={self.act.clone()}
                />
                <Problems problems={self.desk.problems.clone()} act={self.act.clone()} />
            </section>
        }
    }

    fn draw_console(&self) -> Html {
        html! {
            <section class="pane console-pane" aria-label={t().console}>
                <Console
                    lines={self.world.console.clone()} prompt={self.world.prompt}
                    act={self.act.clone()}
                />
            </section>
        }
    }

    fn draw_timeline(&self) -> Html {
        html! {
            <Timeline
                entries={self.world.timeline.clone()} start_us={self.world.clock.start_us}
                act={self.act.clone()}
            />
        }
    }
}
