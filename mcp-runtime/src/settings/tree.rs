//! What was said, by name, with where it was said.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::reading::Reader;
use super::{ConfigError, FILE_VARIABLE, Origin, PREFIX, SECTION, read_file};

/// A value, or values by name.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) held: Held,
    /// Where it was said.
    pub(super) source: String,
}

#[derive(Clone)]
pub(super) enum Held {
    Value(Value),
    List(Vec<Node>),
    Names(BTreeMap<String, Node>),
}

/// The settings of an author.
pub(super) type Tree = Node;

impl Node {
    fn empty() -> Self {
        Self { held: Held::Names(BTreeMap::new()), source: String::new() }
    }

    pub(super) fn of(value: Value, source: &str) -> Self {
        let held = match value {
            Value::Object(members) => Held::Names(
                members.into_iter().map(|(name, value)| (name, Self::of(value, source))).collect(),
            ),
            Value::Array(items) => {
                Held::List(items.into_iter().map(|value| Self::of(value, source)).collect())
            }
            value => Held::Value(value),
        };
        Self { held, source: source.to_owned() }
    }

    /// Reads file, environment and command line, in this order.
    pub(super) fn load(origin: &Origin) -> Result<Self, ConfigError> {
        let (file, set) = match &origin.set {
            Some(set) => (origin.file.clone(), set.clone()),
            None => {
                let (file, set) =
                    arguments(std::env::args_os().filter_map(|argument| argument.into_string().ok()));
                (origin.file.clone().or(file.map(Into::into)), set)
            }
        };
        let file =
            file.or_else(|| std::env::var_os(FILE_VARIABLE).filter(|path| !path.is_empty()).map(Into::into));
        let mut tree = Self::empty();
        let mut problems = Vec::new();
        if let Some(path) = file {
            match read_file(&path) {
                Ok(mut members) => match members.remove(SECTION) {
                    None => {}
                    Some(Value::Object(own)) => {
                        tree = Self::of(Value::Object(own), &path.display().to_string())
                    }
                    Some(_) => problems.push(format!("{}: `{SECTION}` has settings by name", path.display())),
                },
                Err(problem) => problems.push(problem),
            }
        }
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let mut variables: Vec<_> = variables.filter(|(name, _)| name.starts_with(PREFIX)).collect();
        variables.sort();
        for (name, value) in variables {
            let path = name.strip_prefix(PREFIX).unwrap_or_default().to_ascii_lowercase();
            tree.put(path.split("__"), &value, &name);
        }
        for pair in set {
            match pair.split_once('=') {
                Some((path, value)) => tree.put(path.split('.'), value, &format!("--set {path}")),
                // What was written may be a secret.
                None => problems.push("--set: expected name=value, as in --set database.url=…".into()),
            }
        }
        if problems.is_empty() { Ok(tree) } else { Err(ConfigError::new(problems)) }
    }

    fn put<'a>(&mut self, path: impl IntoIterator<Item = &'a str>, value: &str, source: &str) {
        let mut node = self;
        for name in path {
            if !matches!(node.held, Held::Names(_)) {
                node.held = Held::Names(BTreeMap::new());
            }
            let Held::Names(names) = &mut node.held else { return };
            let known = names.keys().find(|known| same(known, name)).cloned();
            node = names.entry(known.unwrap_or_else(|| name.to_owned())).or_insert_with(Self::empty);
        }
        *node = Self { held: Held::Value(Value::String(value.to_owned())), source: source.to_owned() };
    }

    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        T::deserialize(Reader::new(self)).map_err(|wrong| ConfigError::new(vec![wrong.said()]))
    }

    /// The names of all values, and where each was said.
    pub(super) fn names(&self) -> Vec<(String, String)> {
        match &self.held {
            Held::Names(names) => names
                .iter()
                .flat_map(|(name, node)| {
                    node.names().into_iter().map(move |(rest, source)| {
                        (if rest.is_empty() { name.clone() } else { format!("{name}.{rest}") }, source)
                    })
                })
                .collect(),
            Held::Value(_) | Held::List(_) => vec![(String::new(), self.source.clone())],
        }
    }
}

/// Whether two names are one, however their words are divided: `MAX_ROWS` is `maxRows`.
pub(super) fn same(a: &str, b: &str) -> bool {
    let plain = |name: &str| -> String {
        name.chars().filter(|c| *c != '_' && *c != '-').flat_map(char::to_lowercase).collect()
    };
    plain(a) == plain(b)
}

/// `--config` and `--set` among the arguments of a process, of which nothing else is known.
fn arguments(all: impl Iterator<Item = String>) -> (Option<String>, Vec<String>) {
    let (mut file, mut set) = (None, Vec::new());
    let mut all = all.skip(1);
    while let Some(argument) = all.next() {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (argument, None),
        };
        match name.as_str() {
            "--" => break,
            "--config" => file = value.or_else(|| all.next()),
            "--set" => set.extend(value.or_else(|| all.next())),
            _ => {}
        }
    }
    (file, set)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Settings {
        max_rows: u32,
        #[serde(default)]
        dry: bool,
        #[serde(default)]
        ratio: f64,
        #[serde(default)]
        names: Vec<String>,
        #[serde(default)]
        ports: Vec<u16>,
        mode: Option<Mode>,
        database: Option<Database>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Mode {
        ReadOnly,
        Full { until: u32 },
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Database {
        url: String,
        #[serde(default)]
        password: u64,
    }

    fn tree(file: Value, rest: &[(&str, &str)]) -> Tree {
        let mut tree = Node::of(file, "a.toml");
        for (path, value) in rest {
            tree.put(path.split('.'), value, &format!("--set {path}"));
        }
        tree
    }

    fn problem(file: Value, rest: &[(&str, &str)]) -> String {
        tree(file, rest).read::<Settings>().unwrap_err().to_string()
    }

    #[test]
    fn texts_are_read_as_what_is_wanted() {
        let rest = [
            ("max_rows", "5"),
            ("dry", "yes"),
            ("ratio", "0.5"),
            ("names", "a, b"),
            ("ports", "[80, 443]"),
            ("mode", "read-only"),
            ("DATABASE.URL", "5"),
        ];
        let read: Settings = tree(json!({}), &rest).read().unwrap();
        let database = Database { url: "5".into(), password: 0 };
        let expected = Settings {
            max_rows: 5,
            dry: true,
            ratio: 0.5,
            names: vec!["a".into(), "b".into()],
            ports: vec![80, 443],
            mode: Some(Mode::ReadOnly),
            database: Some(database),
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_said_later_wins_member_by_member() {
        let file =
            json!({"maxRows": 5, "mode": {"full": {"until": 3}}, "database": {"url": "a", "password": 7}});
        let read: Settings = tree(file, &[("database.url", "b"), ("MAX_ROWS", "6")]).read().unwrap();
        assert_eq!((read.max_rows, read.mode), (6, Some(Mode::Full { until: 3 })));
        assert_eq!(read.database, Some(Database { url: "b".into(), password: 7 }));
    }

    #[test]
    fn what_is_wrong_is_named_and_never_repeated() {
        let secret = "sk-MARKER-4711";
        let said = problem(json!({"maxRows": 1, "database": {"url": "a", "password": secret}}), &[]);
        assert_eq!(said, "the configuration is wrong: `settings.database.password` (a.toml): expected u64");
        let said = problem(json!({"maxRows": 1}), &[("database.url", "a"), ("database.password", secret)]);
        assert!(
            said.contains("`settings.database.password` (--set database.password): expected u64"),
            "{said}"
        );
        let said = problem(json!({"maxRows": secret}), &[]);
        assert!(!said.contains(secret), "{said}");
        let said = problem(json!({"maxRows": 1}), &[("mode", secret)]);
        assert!(!said.contains(secret) && said.contains("expected one of read_only, full"), "{said}");
        let said = problem(json!({"maxRows": 1}), &[("ports", "80,x")]);
        assert!(said.contains("`settings.ports.2` (--set ports): expected u16"), "{said}");
        let said = problem(json!({"maxRows": 5000000000_u64}), &[]);
        assert!(said.contains("expected u32") && !said.contains("5000000000"), "{said}");
    }

    #[test]
    fn what_is_missing_says_how_to_say_it() {
        let said = problem(json!({"maxRows": 1, "database": {}}), &[]);
        assert!(said.contains("`settings.database.url` is missing"), "{said}");
        assert!(said.contains("MCP_SETTINGS_DATABASE__URL, or with --set database.url=…"), "{said}");
    }

    #[test]
    fn names_that_mean_nothing_are_refused_with_the_nearest() {
        let said = problem(json!({"maxRows": 1}), &[("max_row", "5")]);
        assert!(
            said.contains("(--set max_row): there is no setting `max_row`; did you mean `maxRows`?"),
            "{said}"
        );
    }

    #[test]
    fn arguments_are_found_among_others() {
        let all = [
            "server",
            "--folder",
            "x",
            "--set=a=b=c",
            "--config",
            "f.toml",
            "--set",
            "d=e",
            "--",
            "--set",
            "f=g",
        ];
        let (file, set) = arguments(all.into_iter().map(str::to_owned));
        assert_eq!((file.as_deref(), set), (Some("f.toml"), vec!["a=b=c".to_owned(), "d=e".to_owned()]));
    }
}
