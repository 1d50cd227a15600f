//! What the process of a container does: serve until it is stopped, or run, print and end.
//!
//! Upstream: none; a catalogue stands for the images' own contents.

use std::sync::Arc;

use crate::clock::Span;

use super::RuntimeOptions;
use super::images::short_name;
use super::output::{DATE, HOSTNAME, PI, Written};
use super::script;

/// One process, from its start to its end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Program {
    /// It cannot be started: what the runtime says.
    pub start_error: Option<Arc<str>>,
    /// `None`: until it is stopped.
    pub lasts: Option<Span>,
    pub exit_code: i32,
    /// How it ends on SIGTERM; `None`: it ignores it.
    pub on_term: Option<i32>,
    pub output: Arc<Written>,
}

/// Images that hold tools and no service: without a command they end at once.
const TOOLBOXES: &[&str] = &[
    "alpine",
    "bash",
    "busybox",
    "centos",
    "debian",
    "fedora",
    "golang",
    "hello-world",
    "node",
    "openjdk",
    "perl",
    "php",
    "python",
    "ruby",
    "rust",
    "ubuntu",
    "curl",
    "git",
    "kubectl",
];

/// Services, by the name of their program.
const SERVERS: &[&str] = &[
    "nginx",
    "httpd",
    "httpd-foreground",
    "apache2",
    "redis-server",
    "redis",
    "postgres",
    "mysqld",
    "mongod",
    "memcached",
    "node_exporter",
    "prometheus",
    "grafana-server",
    "caddy",
    "traefik",
    "haproxy",
    "envoy",
    "etcd",
    "kube-proxy",
    "kube-apiserver",
    "kube-scheduler",
    "kube-controller-manager",
    "coredns",
    "flanneld",
    "pause",
    "registry",
    "rabbitmq-server",
    "node",
    "java",
    "gunicorn",
    "uwsgi",
    "docker-entrypoint.sh",
    "agnhost",
    "zookeeper",
];

/// Tools that end at once with 0.
const TOOLS: &[&str] = &[
    "echo", "printf", "date", "ls", "cat", "true", "env", "hostname", "id", "whoami", "pwd",
    "uname", "wget", "curl", "nslookup", "ping", "touch", "mkdir", "rm", "cp", "mv", "chmod",
    "grep", "awk", "sed", "head", "wc", "sort", "test", "expr", "kubectl", "git", "php", "ruby",
    "go", "seq", "df",
];

const SHELLS: &[&str] = &["sh", "bash", "ash", "dash"];

/// An interpreter with something to compute takes this long.
const COMPUTES: Span = Span::secs(6);
const INTERPRETERS: &[&str] = &["perl", "python", "python3"];

impl Program {
    /// What a container of this image does with these arguments (`command` followed by `args`).
    pub(super) fn of(
        image: &str,
        command: &[String],
        args: &[String],
        options: &RuntimeOptions,
    ) -> Program {
        if let Some(rule) = options
            .programs
            .iter()
            .find(|r| image.starts_with(&r.image))
        {
            return Program {
                start_error: None,
                lasts: rule.lasts,
                exit_code: rule.exit_code,
                on_term: rule.heeds_term.then_some(0),
                output: Written::text(&rule.output).into(),
            };
        }
        let is_toolbox = TOOLBOXES.contains(&short_name(image));
        let words: Vec<&str> = command.iter().chain(args).map(String::as_str).collect();
        match words.split_first() {
            None if is_toolbox => Program::ends(Span::ZERO, 0, ""),
            None => Program::serves(),
            // The arguments go to the image's own entry point.
            Some(_) if command.is_empty() && !is_toolbox => Program::serves(),
            Some((program, rest)) => Program::run(program, rest),
        }
    }

    fn serves() -> Program {
        Program {
            start_error: None,
            lasts: None,
            exit_code: 0,
            on_term: Some(0),
            output: Arc::default(),
        }
    }

    /// A process that heeds no signal while it lasts.
    fn ends(lasts: Span, exit_code: i32, output: &str) -> Program {
        Program {
            start_error: None,
            lasts: Some(lasts),
            exit_code,
            on_term: None,
            output: Written::text(output).into(),
        }
    }

    /// `perl -Mbignum=bpi -wle 'print bpi(2000)'`, the example of a Job.
    fn computes_pi(args: &[&str]) -> Program {
        let digits = args
            .iter()
            .find_map(|arg| arg.split_once("bpi(")?.1.split(')').next());
        let digits = digits.unwrap_or_default().trim();
        let mut output = Written::default();
        output.push(COMPUTES, &format!("{PI}{digits}{PI}\n"));
        Program {
            output: output.into(),
            ..Program::ends(COMPUTES, 0, "")
        }
    }

    fn for_ever_deaf() -> Program {
        Program {
            lasts: None,
            ..Program::ends(Span::ZERO, 0, "")
        }
    }

    fn cannot_start(why: &str) -> Program {
        let text = format!(
            "failed to create containerd task: failed to create shim task: OCI runtime create \
             failed: runc create failed: unable to start container process: error during \
             container init: exec: {why}"
        );
        Program {
            start_error: Some(text.into()),
            ..Program::ends(Span::ZERO, 128, "")
        }
    }

    /// What the program of a name does with its arguments.
    pub(super) fn run(program: &str, args: &[&str]) -> Program {
        let name = program.rsplit('/').next().unwrap_or(program);
        match name {
            _ if SHELLS.contains(&name) => match args {
                ["-c" | "-ec" | "-xc" | "-exc", script, ..] => script::read(script),
                _ => Program::ends(Span::ZERO, 0, ""),
            },
            "sleep" => match duration(args) {
                Some(lasts) => Program::ends(lasts, 0, ""),
                None => Program::for_ever_deaf(),
            },
            "tail" if args.contains(&"-f") => Program::for_ever_deaf(),
            "exit" => Program::cannot_start("\"exit\": executable file not found in $PATH"),
            "false" => Program::ends(Span::ZERO, 1, ""),
            "echo" => Program::ends(Span::ZERO, 0, &format!("{}\n", args.join(" "))),
            "date" => Program::ends(Span::ZERO, 0, &format!("{DATE}\n")),
            "hostname" => Program::ends(Span::ZERO, 0, &format!("{HOSTNAME}\n")),
            "perl" if args.iter().any(|arg| arg.contains("bpi(")) => Program::computes_pi(args),
            _ if INTERPRETERS.contains(&name) && !args.is_empty() => Program::ends(COMPUTES, 0, ""),
            _ if INTERPRETERS.contains(&name) || TOOLS.contains(&name) => {
                Program::ends(Span::ZERO, 0, "")
            }
            _ if SERVERS.contains(&name) => Program::serves(),
            _ if program.contains('/') => Program::cannot_start(&format!(
                "\"{program}\": stat {program}: no such file or directory"
            )),
            _ => Program::cannot_start(&format!(
                "\"{program}\": executable file not found in $PATH"
            )),
        }
    }
}

/// `5`, `1.5`, `2m`, several of them; `None` for `infinity`.
fn duration(args: &[&str]) -> Option<Span> {
    let mut total = 0;
    for arg in args {
        let (number, unit) = match arg.char_indices().find(|(_, c)| c.is_ascii_alphabetic()) {
            Some((at, _)) => arg.split_at(at),
            None => (*arg, "s"),
        };
        let unit_secs = match unit {
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        let secs: f64 = number.parse().unwrap_or(0.0);
        let micros = (secs * unit_secs * 1e6).clamp(0.0, 1e17);
        total += micros as i64;
    }
    Some(Span::micros(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(image: &str, command: &[&str]) -> Program {
        let command: Vec<String> = command.iter().map(|s| s.to_string()).collect();
        Program::of(image, &command, &[], &RuntimeOptions::default())
    }

    #[test]
    fn programs_last_and_end_as_their_commands_say() {
        let secs = |n| Some(Span::secs(n));
        for (image, command, lasts, exit_code, on_term) in [
            ("nginx:1.7.9", &[][..], None, 0, Some(0)),
            ("busybox", &[], secs(0), 0, None),
            ("busybox", &["sleep", "1m"], secs(60), 0, None),
            ("busybox", &["sleep", "infinity"], None, 0, None),
            (
                "busybox",
                &["sh", "-c", "sleep 1; exit 1"],
                secs(1),
                1,
                None,
            ),
            ("busybox", &["sh", "-c", "date; echo hi"], secs(0), 0, None),
            (
                "busybox",
                &["sh", "-c", "while true; do sleep 5; done"],
                None,
                0,
                None,
            ),
            (
                "busybox",
                &["sh", "-c", "trap 'exit 0' TERM; sleep 9"],
                secs(9),
                0,
                Some(0),
            ),
            ("busybox", &["sh", "-c", "nosuch"], secs(0), 127, None),
            (
                "perl:5.34",
                &["perl", "-wle", "print bpi(2000)"],
                secs(6),
                0,
                None,
            ),
            (
                "prom/node-exporter:v1.0.0",
                &["/bin/node_exporter"],
                None,
                0,
                Some(0),
            ),
            ("myapp:1", &[], None, 0, Some(0)),
        ] {
            let program = of(image, command);
            assert_eq!(program.lasts, lasts, "{image} {command:?}");
            assert_eq!(program.exit_code, exit_code, "{image} {command:?}");
            assert_eq!(program.on_term, on_term, "{image} {command:?}");
            assert_eq!(program.start_error, None, "{image} {command:?}");
        }
        assert_eq!(
            *of("busybox", &["sh", "-c", "echo 'hi you'; sleep 1"]).output,
            Written::text("hi you\n")
        );
    }

    #[test]
    fn an_unknown_program_cannot_start() {
        let program = of("busybox", &["nosuchcommand", "x"]);
        let text = program.start_error.unwrap_or_default();
        assert!(text.ends_with("exec: \"nosuchcommand\": executable file not found in $PATH"));
        assert_eq!(program.exit_code, 128);
    }
}
