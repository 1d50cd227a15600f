//! The form of every object that the API server reads: structs, their fields and types.
//!
//! Upstream: the Go structs of `staging/src/k8s.io/api`, as far as JSON shows them. schema.txt is
//! written by the test in schema_test.rs from k8s-openapi's types; as a table it is a tenth of what
//! the same knowledge weighs as generated readers (docs/decisions/0011).

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A line a struct: name, Go package, fields with their types.
const STRUCTS: &str = include_str!("schema.txt");

/// The type of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::apiserver) enum Type {
    /// Anything goes: raw extensions, JSON within JSON.
    Any,
    Bool,
    Bytes,
    Float,
    Int32,
    Int64,
    IntOrString,
    Quantity,
    String,
    /// RFC 3339.
    Time,
    List(Box<Type>),
    Map(Box<Type>),
    Struct(&'static str),
}

/// One struct.
#[derive(Debug)]
pub(in crate::apiserver) struct Struct {
    /// `PodSpec`, as Go names it.
    pub name: &'static str,
    /// `v1`.
    package: &'static str,
    fields: BTreeMap<&'static str, Type>,
}

impl Struct {
    /// The struct of a name; where two packages share one, `apiregistration.ServiceReference`.
    pub fn named(name: &str) -> Option<&'static Struct> {
        table().get(name)
    }

    /// The type of a field.
    pub fn field(&self, name: &str) -> Option<&Type> {
        self.fields.get(name)
    }

    /// `v1.PodSpec`.
    pub fn go_name(&self) -> String {
        format!("{}.{}", self.package, self.name)
    }
}

impl Type {
    /// As Go prints the type.
    pub fn go_name(&self) -> String {
        match self {
            Type::Any => "interface {}".to_string(),
            Type::Bool => "bool".to_string(),
            Type::Bytes => "[]uint8".to_string(),
            Type::Float => "float64".to_string(),
            Type::Int32 => "int32".to_string(),
            Type::Int64 => "int64".to_string(),
            Type::IntOrString => "intstr.IntOrString".to_string(),
            Type::Quantity => "resource.Quantity".to_string(),
            Type::String => "string".to_string(),
            Type::Time => "v1.Time".to_string(),
            Type::List(element) => format!("[]{}", element.go_name()),
            Type::Map(element) if **element == Type::Quantity => "v1.ResourceList".to_string(),
            Type::Map(element) => format!("map[string]{}", element.go_name()),
            Type::Struct(name) => {
                Struct::named(name).map_or_else(|| format!("v1.{name}"), Struct::go_name)
            }
        }
    }

    fn parse(text: &'static str) -> Type {
        if let Some(element) = text.strip_prefix("[]") {
            return Type::List(Box::new(Type::parse(element)));
        }
        if let Some(element) = text.strip_prefix("map[]") {
            return Type::Map(Box::new(Type::parse(element)));
        }
        match text {
            "any" => Type::Any,
            "bool" => Type::Bool,
            "bytes" => Type::Bytes,
            "float64" => Type::Float,
            "int32" => Type::Int32,
            "int64" => Type::Int64,
            "IntOrString" => Type::IntOrString,
            "Quantity" => Type::Quantity,
            "string" => Type::String,
            "Time" => Type::Time,
            name => Type::Struct(name),
        }
    }
}

fn table() -> &'static BTreeMap<&'static str, Struct> {
    static TABLE: OnceLock<BTreeMap<&'static str, Struct>> = OnceLock::new();
    TABLE.get_or_init(|| STRUCTS.lines().filter_map(read_line).collect())
}

fn read_line(line: &'static str) -> Option<(&'static str, Struct)> {
    let (head, fields) = line.split_once(':')?;
    let (key, package) = head.split_once(' ')?;
    let field = |text: &'static str| {
        let (name, kind) = text.trim().split_once(' ')?;
        Some((name, Type::parse(kind)))
    };
    let name = key.rsplit('.').next().unwrap_or(key);
    let fields = fields.split(',').filter_map(field).collect();
    Some((
        key,
        Struct {
            name,
            package,
            fields,
        },
    ))
}
