//! Verbs that read files, held against recorded answers of kubectl v1.36.2.
//!
//! Upstream: recordings of a v1.36.2 cluster (A2, A11, A11b).

use std::collections::BTreeMap;

use crate::api::{Kind, Meta, Object};
use crate::apiserver::{ApiOptions, ApiServer, Cause, Trigger, decode};
use crate::client::Client;
use crate::clock::{Seed, SimTime};
use crate::kubectl::{Command, Files, Output, Progress};

const CAUSE: Cause = Cause {
    actor: "test",
    trigger: Trigger::Start,
};

/// A cluster with a namespace, and a folder of files.
struct Bench {
    api: ApiServer,
    files: Files,
}

impl Bench {
    fn new() -> Bench {
        let now = SimTime::parse_rfc3339("2026-01-05T09:00:00Z").expect("a time");
        let mut api = ApiServer::new(Seed(1), now, ApiOptions::default());
        let namespace = serde_json::json!({"metadata": {"name": "default"}});
        let namespace: Object = decode(Kind::Namespace, &namespace).expect("a namespace");
        let namespace = Object {
            meta: Meta {
                name: "default".into(),
                ..namespace.meta
            },
            ..namespace
        };
        api.create(namespace, CAUSE).expect("it is new");
        Bench {
            api,
            files: BTreeMap::new(),
        }
    }

    /// Writes nginx.yml and runs a line; returns exit code, stdout and stderr.
    fn run(&mut self, manifest: &str, line: &str) -> (i32, String, String) {
        self.files
            .insert("nginx.yml".to_string(), manifest.to_string());
        let revision = self.api.store().revision();
        let mut client = Client::new(&mut self.api, revision, CAUSE);
        let mut out = Output::default();
        let (_, progress) = Command::start(line, &mut self.files, &mut client, &mut out);
        let code = match progress {
            Progress::Done(code) => code,
            Progress::Waiting(_) => -1,
        };
        (code, out.stdout, out.stderr)
    }

    fn apply(&mut self, manifest: &str) -> (i32, String, String) {
        self.run(manifest, "apply -f nginx.yml")
    }
}

const NGINX: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: nginx-deployment
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web_server
  template:
    metadata:
      labels:
        app: web_server
    spec:
      containers:
      - name: nginx
        image: nginx:1.7.9
";

const MISSING: &str = "Warning: resource deployments/nginx-deployment is missing the kubectl.kubernetes.io/last-applied-configuration annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n";

#[test]
fn a_file_is_applied_as_recorded() {
    let mut bench = Bench::new();
    let said = |out: &str, err: &str| (i32::from(out.is_empty()), out.to_string(), err.to_string());
    let line = |word: &str| format!("deployment.apps/nginx-deployment {word}\n");
    assert_eq!(bench.apply(NGINX), said(&line("created"), ""));
    assert_eq!(bench.apply(NGINX), said(&line("unchanged"), ""));
    assert_eq!(
        bench.run(NGINX, "diff -f nginx.yml"),
        (0, String::new(), String::new())
    );
    let dry = bench.run(NGINX, "apply -f nginx.yml --dry-run=client");
    assert_eq!(dry, said(&line("unchanged (dry run)"), ""));
    let dry = bench.run(NGINX, "apply -f nginx.yml --dry-run=server");
    assert_eq!(dry, said(&line("unchanged (server dry run)"), ""));
    let exists = "Error from server (AlreadyExists): error when creating \"nginx.yml\": deployments.apps \"nginx-deployment\" already exists\n";
    assert_eq!(bench.run(NGINX, "create -f nginx.yml"), said("", exists));
    assert_eq!(
        bench.run(NGINX, "replace -f nginx.yml"),
        said(&line("replaced"), "")
    );
    assert_eq!(bench.apply(NGINX), said(&line("configured"), MISSING));
    assert_eq!(bench.apply(NGINX), said(&line("unchanged"), ""));
    let missing = bench.run(NGINX, "apply -f nosuch.yml");
    assert_eq!(
        missing,
        said("", "error: the path \"nosuch.yml\" does not exist\n")
    );
    let unexpected =
        "error: Unexpected args: [nginx.yml]\nSee 'kubectl apply -h' for help and examples\n";
    assert_eq!(bench.run(NGINX, "apply nginx.yml"), said("", unexpected));
}

#[test]
fn a_change_reaches_the_object_and_the_annotation() {
    let mut bench = Bench::new();
    bench.apply(NGINX);
    let changed = NGINX
        .replace("replicas: 2", "replicas: 5")
        .replace("1.7.9", "1.9.1");
    assert_eq!(
        bench.apply(&changed).1,
        "deployment.apps/nginx-deployment configured\n"
    );
    let live = bench
        .api
        .store()
        .head()
        .find(Kind::Deployment, "default", "nginx-deployment")
        .cloned();
    let live = live.expect("it is there");
    let body = live.deployment().expect("a Deployment");
    assert_eq!(body.replicas(), 5);
    assert_eq!(live.meta.generation, 2);
    let image = body
        .spec
        .template
        .spec
        .as_ref()
        .and_then(|s| s.containers.first()?.image.clone());
    assert_eq!(image.as_deref(), Some("nginx:1.9.1"));
    // Without the field the replicas fall back to the default.
    let without = changed.replace("  replicas: 5\n", "");
    bench.apply(&without);
    let live = bench
        .api
        .store()
        .head()
        .find(Kind::Deployment, "default", "nginx-deployment")
        .cloned();
    assert_eq!(live.and_then(|l| Some(l.deployment()?.replicas())), Some(1));
}

#[test]
fn mistakes_are_answered_as_recorded() {
    let error = |words: &str| format!("error: {words}\n");
    let parsing = |words: &str| {
        error(&format!(
            "error parsing nginx.yml: error converting YAML to JSON: yaml: {words}"
        ))
    };
    let validating = |words: &str| {
        error(&format!(
            "error validating \"nginx.yml\": error validating data: {words}; if you choose to ignore these errors, turn validation off with --validate=false"
        ))
    };
    let creating = |words: &str| {
        format!("Error from server (BadRequest): error when creating \"nginx.yml\": {words}\n")
    };
    let unmapped = |version: &str, kind: &str| {
        error(&format!(
            "resource mapping not found for name: \"nginx-deployment\" namespace: \"\" from \"nginx.yml\": no matches for kind \"{kind}\" in version \"{version}\"\nensure CRDs are installed first"
        ))
    };
    let edit = |from: &str, to: &str| {
        assert!(NGINX.contains(from), "{from}");
        NGINX.replace(from, to)
    };
    let nameless = "error when retrieving current configuration of:\nResource: \"apps/v1, Resource=deployments\", GroupVersionKind: \"apps/v1, Kind=Deployment\"\nName: \"\", Namespace: \"default\"\nfrom server for: \"nginx.yml\": resource name may not be empty";
    for (manifest, words) in [
        (edit("replicas:", "replicsa:"), creating("Deployment in version \"v1\" cannot be handled as a Deployment: strict decoding error: unknown field \"spec.replicsa\"")),
        (edit("replicas: 2", "replicas: two"), creating("Deployment in version \"v1\" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32")),
        (edit("kind: Deployment", "kind: Deploymnet"), unmapped("apps/v1", "Deploymnet")),
        (edit("apps/v1", "extensions/v1beta1"), unmapped("extensions/v1beta1", "Deployment")),
        (edit("apiVersion: apps/v1\n", ""), validating("apiVersion not set")),
        (edit("kind: Deployment\n", ""), validating("kind not set")),
        (edit("  replicas", "   replicas"), parsing("line 6: did not find expected key")),
        (edit("  template:", "  template"), parsing("line 11: could not find expected ':'")),
        (edit("  replicas", "\treplicas"), parsing("line 6: found character that cannot start any token")),
        (edit("      - name: nginx", "       - name: nginx"), parsing("line 16: did not find expected '-' indicator")),
        (String::new(), error("no objects passed to apply")),
        ("# only a comment\n".to_string(), error("no objects passed to apply")),
        ("just text\n".to_string(), validating("invalid object to validate")),
        ("- a\n- b\n".to_string(), validating("invalid object to validate")),
        ("{\"apiVersion\":\"v1\",}\n".to_string(), validating("kind not set")),
        (edit("name: nginx-deployment", "labels: {a: b}"), error(nameless)),
        (edit("name: nginx-deployment", "nane: nginx-deployment"), error(nameless)),
        (edit("name: nginx-deployment", "name: 123"), error("unable to decode \"nginx.yml\": json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string")),
        (edit("metadata:\n  name: nginx-deployment", "metadata: x"), error("unable to decode \"nginx.yml\": json: cannot unmarshal string into Go struct field metadataOnlyObject.metadata of type v1.ObjectMeta")),
        (edit("name: nginx-deployment", "name: nginx-deployment\n  namespace: other"), "Error from server (NotFound): error when creating \"nginx.yml\": namespaces \"other\" not found\n".to_string()),
        (edit("kind: Deployment", "kind: deployment"), creating("deployment in version \"v1\" cannot be handled as a Deployment: no kind \"deployment\" is registered for version \"apps/v1\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"")),
    ] {
        let mut bench = Bench::new();
        assert_eq!(bench.apply(&manifest), (1, String::new(), words), "{manifest}");
        assert_eq!(bench.api.store().revision(), 1, "nothing was written: {manifest}");
    }
}

#[test]
fn a_patch_of_the_wrong_type_is_printed_as_a_go_map() {
    let mut bench = Bench::new();
    bench.apply(NGINX);
    let manifest = NGINX.replace("app: web_server", "app: 123");
    let words = "The request is invalid: patch: Invalid value: \"map[metadata:map[annotations:map[kubectl.kubernetes.io/last-applied-configuration:{\\\"apiVersion\\\":\\\"apps/v1\\\",\\\"kind\\\":\\\"Deployment\\\",\\\"metadata\\\":{\\\"annotations\\\":{},\\\"name\\\":\\\"nginx-deployment\\\",\\\"namespace\\\":\\\"default\\\"},\\\"spec\\\":{\\\"replicas\\\":2,\\\"selector\\\":{\\\"matchLabels\\\":{\\\"app\\\":123}},\\\"template\\\":{\\\"metadata\\\":{\\\"labels\\\":{\\\"app\\\":123}},\\\"spec\\\":{\\\"containers\\\":[{\\\"image\\\":\\\"nginx:1.7.9\\\",\\\"name\\\":\\\"nginx\\\"}]}}}}\\n]] spec:map[selector:map[matchLabels:map[app:123]] template:map[metadata:map[labels:map[app:123]]]]]\": cannot convert int64 to string\n";
    assert_eq!(
        bench.apply(&manifest),
        (1, String::new(), words.to_string())
    );
    // The list went into the merge, so it is not printed any more.
    let manifest =
        format!("{NGINX}        resources:\n          requests:\n            cpu: 100x\n");
    let (_, _, said) = bench.apply(&manifest);
    assert!(said.ends_with("]] spec:map[template:map[spec:map[]]]]\": quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'\n"), "{said}");
}

#[test]
fn of_several_documents_the_good_ones_are_applied() {
    let mut bench = Bench::new();
    let bad = NGINX.replace("kind: Deployment", "kind: Deploymnet");
    let second = NGINX.replace("nginx-deployment", "second");
    let (code, out, err) = bench.apply(&format!("{NGINX}---\n{bad}---\n{second}"));
    assert_eq!(
        (code, out.as_str()),
        (
            1,
            "deployment.apps/nginx-deployment created\ndeployment.apps/second created\n"
        )
    );
    assert!(
        err.starts_with("error: resource mapping not found"),
        "{err}"
    );
    let (_, _, err) = bench.apply(&format!("{bad}---\n{bad}"));
    assert!(err.starts_with("resource mapping not found"), "{err}");
    assert_eq!(err.lines().count(), 4);
}

#[test]
fn diff_shows_what_would_change() {
    let mut bench = Bench::new();
    bench.apply(NGINX);
    let (code, out, err) = bench.run(
        &NGINX.replace("replicas: 2", "replicas: 3"),
        "diff -f nginx.yml",
    );
    assert_eq!((code, err.as_str()), (1, ""));
    let hunks: Vec<&str> = out
        .lines()
        .filter(|l| l.starts_with(['-', '+']) && !l.starts_with("---") && !l.starts_with("+++"))
        .collect();
    assert!(
        hunks.contains(&"-  replicas: 2") && hunks.contains(&"+  replicas: 3"),
        "{out}"
    );
    assert!(
        out.starts_with(
            "diff -u -N /tmp/LIVE-1/apps.v1.Deployment.default.nginx-deployment /tmp/MERGED-2/"
        ),
        "{out}"
    );
    assert!(hunks.contains(&"-  generation: 1"), "{out}");
}
