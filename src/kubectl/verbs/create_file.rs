//! `kubectl create -f`.
//!
//! Upstream: `kubectl/pkg/cmd/create/create.go`. Differs: no `--edit`, no `--raw`.

use crate::kubectl::args::Args;
use crate::kubectl::console::{Console, Flow};
use crate::kubectl::errors::Failure;
use crate::kubectl::manifest::{Validate, failure, load, with_last_applied, with_source};
use crate::kubectl::objects::full_json;
use crate::kubectl::output::{Format, to_json_text, to_yaml_text};

/// Creates every object of the files.
pub(super) fn run(console: &mut Console<'_, '_>, args: &Args) -> Result<Flow, Failure> {
    let dry = console.dry_run(args)?;
    let Validate(validate) = Validate::from(args)?;
    let format = Format::parse(args.text("output", ""))?;
    let loaded = load(console, args, validate)?;
    if loaded.infos.is_empty() && loaded.problems.is_empty() {
        return Err(Failure::error("no objects passed to create"));
    }
    let mut problems = loaded.problems;
    for info in &loaded.infos {
        let saved = args
            .on("save-config")
            .then(|| with_last_applied(&info.value));
        let value = saved.as_ref().unwrap_or(&info.value);
        let written = console.write(dry, |server, cause| {
            server.create_from(info.kind, value, validate, cause)
        });
        let (name, shown) = match written {
            Err(error) => {
                problems.push(with_source(error, "creating", &info.source));
                continue;
            }
            Ok(None) => (info.name.clone(), value.clone()),
            Ok(Some((object, warnings))) => {
                for warning in warnings {
                    console.warn(format!("Warning: {warning}"));
                }
                let shown = full_json(&object, console.live(), console.now());
                (object.meta.name.to_string(), shown)
            }
        };
        match format {
            Format::Name => console.say(format!("{}/{name}", info.kind.singular_with_group())),
            Format::Yaml => console.out.stdout.push_str(&to_yaml_text(&shown)),
            Format::Json => console.out.stdout.push_str(&to_json_text(&shown)),
            _ => console.done(info.kind, &name, "created", dry),
        }
    }
    failure(problems).map_or(Ok(Flow::Done(0)), Err)
}
