//! `kubectl get -w`: the present table, then a row for every write.
//!
//! Upstream: `kubectl/pkg/cmd/get/get.go` (watch). Columns remember their widths and never shrink.

use crate::api::{Kind, Object, parse_duration};
use crate::apiserver::Change;
use crate::clock::SimTime;
use crate::kubectl::args::Args;
use crate::kubectl::console::{Console, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::objects::full_json;
use crate::kubectl::output::{Format, to_json_text, to_yaml_text};
use crate::kubectl::resources::{Filter, Wanted};
use crate::kubectl::tables::{TABLE, align_with};

use super::Waiting;
use super::get::Rows;

/// How a watch prints an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Style {
    Table,
    Yaml,
    Json,
    Name,
}

/// A watch that goes on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Watch {
    kind: Kind,
    filter: Filter,
    rows: Rows,
    style: Style,
    with_event: bool,
    headers: bool,
    /// Of the columns so far; empty before anything was printed.
    widths: Vec<usize>,
    /// The revision up to which it has printed.
    seen: u64,
    /// When the request times out.
    until: Option<SimTime>,
}

/// Starts `get -w`. Errors: kubectl's.
pub(super) fn start(
    console: &mut Console<'_, '_>,
    args: &Args,
    wanted: &Wanted,
    format: &Format,
) -> Result<Flow, Failure> {
    let kinds = wanted.kinds();
    let (Some(kind), 1) = (kinds.first().copied(), kinds.len()) else {
        return Err(Failure::error(
            "you may only specify a single resource type",
        ));
    };
    if args.has("sort-by") {
        console.warn(
            "warning: --watch requested, --sort-by will be ignored for watch events received",
        );
    }
    let mut filter = Filter::from(args, console, &kinds)?;
    if let Wanted::Named(list) = wanted {
        let [(_, name)] = list.as_slice() else {
            return Err(Failure::error(
                "watch is only supported on individual resources and resource collections",
            ));
        };
        console.find(kind, name)?;
        filter.name = Some(name.clone());
    }
    let timeout = match args.get("request-timeout") {
        None | Some("0") => None,
        Some(text) => match parse_duration(text).or_else(|_| parse_duration(&format!("{text}s"))) {
            Ok(span) => Some(span),
            Err(_) => {
                return Err(Failure::error(
                    "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)",
                ));
            }
        },
    };
    let mut watch = Watch {
        kind,
        filter,
        rows: Rows::from(args, *format == Format::Table(true)),
        style: match format {
            Format::Yaml => Style::Yaml,
            Format::Json => Style::Json,
            Format::Name => Style::Name,
            _ => Style::Table,
        },
        with_event: args.on("output-watch-events"),
        headers: !args.on("no-headers"),
        widths: Vec::new(),
        seen: console.revision(),
        until: timeout.map(|span| console.now() + span),
    };
    if !args.on("watch-only") {
        let objects = watch.filter.list(kind, console);
        let now = console.now();
        let list: Vec<(&str, &Object)> = objects.iter().map(|o| ("ADDED", &**o)).collect();
        watch.print(&list, now, console);
    }
    watch.resume(console)
}

impl Watch {
    /// Prints what has happened since.
    pub(super) fn resume(mut self, console: &mut Console<'_, '_>) -> Result<Flow, Failure> {
        let head = console.revision();
        let (server, _) = console.client.server();
        let mut rows: Vec<(&'static str, std::sync::Arc<Object>, SimTime)> = Vec::new();
        for change in server.store().changes(self.seen, head) {
            if let Some(event) = self.event(&change) {
                rows.push((event, change.object().clone(), change.at));
            }
        }
        self.seen = head;
        for (event, object, at) in rows {
            self.print(&[(event, &object)], at, console);
        }
        if self.until.is_some_and(|until| until <= console.now()) {
            return Ok(Flow::Done(0));
        }
        let until = self.until;
        Ok(Flow::Wait(Box::new(Waiting::Watch(self)), until))
    }

    /// How the watch sees a write, if it does.
    fn event(&self, change: &Change<'_>) -> Option<&'static str> {
        if change.kind != self.kind {
            return None;
        }
        let passes =
            |object: Option<&std::sync::Arc<Object>>| object.is_some_and(|o| self.filter.passes(o));
        match (passes(change.old), passes(change.new)) {
            (false, true) => Some("ADDED"),
            (true, true) => Some("MODIFIED"),
            (true, false) => Some("DELETED"),
            (false, false) => None,
        }
    }

    fn print(&mut self, objects: &[(&str, &Object)], now: SimTime, console: &mut Console<'_, '_>) {
        if objects.is_empty() {
            return;
        }
        if self.style != Style::Table {
            return objects
                .iter()
                .for_each(|(_, object)| self.print_whole(object, console));
        }
        let mut text = String::new();
        if self.widths.is_empty() && self.headers {
            if self.with_event {
                text.push_str("EVENT\t");
            }
            text.push_str(&self.rows.header(self.kind));
        }
        for (event, object) in objects {
            if self.with_event {
                text.push_str(&format!("{event:<8}\t"));
            }
            text.push_str(&self.rows.row(object, now));
        }
        let aligned = align_with(&text, TABLE, &mut self.widths);
        console.out.stdout.push_str(&aligned);
    }

    fn print_whole(&self, object: &Object, console: &mut Console<'_, '_>) {
        let value = full_json(object, console.live(), console.now());
        let text = match self.style {
            Style::Yaml => format!("---\n{}", to_yaml_text(&value)),
            Style::Json => to_json_text(&value),
            Style::Name | Style::Table => {
                format!(
                    "{}/{}\n",
                    object.kind().singular_with_group(),
                    object.meta.name
                )
            }
        };
        console.out.stdout.push_str(&text);
    }
}
