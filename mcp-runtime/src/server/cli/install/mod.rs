//! `install`: makes a host start this server. It edits the host's own file, and nothing else in it.

mod hosts;
mod jsonc;
mod place;

use std::path::PathBuf;

use serde_json::Value;

use self::hosts::{Host, System};
use self::place::Place;
use super::options::Options;
use super::{print, printable};
use crate::error::ServerError;

/// What the command line says about it.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Asked {
    /// The host that is to start this server
    host: Host,
    /// What the server is called there [default: the name of the server]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// A variable that the host gives the server; may stand several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,
    /// For the project in this folder alone
    #[arg(long, conflicts_with = "file")]
    project: bool,
    /// The file of the host, where it is not the usual one
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Only say what would be written
    #[arg(long)]
    dry_run: bool,
    /// Take the server away again
    #[arg(long, visible_alias = "uninstall", conflicts_with = "env")]
    undo: bool,
    /// Arguments of this program's own, behind `--`
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,
}

fn variable(written: &str) -> Result<(String, String), String> {
    match written.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("it is NAME=VALUE, as in API_KEY=…".into()),
    }
}

impl Asked {
    /// Whether a host starts the server because of it.
    pub(super) fn adds(&self) -> bool {
        !self.undo && !self.dry_run
    }
}

pub(super) fn install(server: &str, asked: &Asked, options: &Options) -> crate::Result<()> {
    done(server, asked, options).map_err(ServerError::Command)
}

fn done(server: &str, asked: &Asked, options: &Options) -> Result<(), String> {
    let Asked { host, .. } = *asked;
    let name = asked.name.as_deref().unwrap_or(server);
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(format!("{name:?} is not a name that a host can show"));
    }
    let file = match &asked.file {
        Some(file) => file.clone(),
        None if asked.project => host.project_file()?,
        None => host.file(System::this(), |name| std::env::var(name).ok())?,
    };
    let place = Place::read(&file)?;
    let wrong = |problem: String| {
        format!("{} is left as it is, since it is not understood: {problem}", place.path().display())
    };
    let command = command()?;
    let there = jsonc::get(place.text(), host.section(), name).map_err(wrong)?;
    if asked.undo {
        let Some(there) = there else {
            return say(&format!("{} starts no server that is called {name:?}", host.name()));
        };
        let started = command_of(there);
        if started.as_deref() != Some(&*command) {
            let started = started.unwrap_or_else(|| "something else".into());
            return Err(format!(
                "{name:?} starts {started:?} in {}, which is not this program: take it away there yourself",
                place.path().display()
            ));
        }
        let Some(edited) = jsonc::remove(place.text(), host.section(), name).map_err(wrong)? else {
            return Ok(());
        };
        if asked.dry_run {
            return say(&format!("would take {name:?} out of {}", place.path().display()));
        }
        let backup = place.write(&edited)?;
        return say(&format!(
            "{} no longer starts {name:?}\n  changed {}\n  kept as it was in {}",
            host.name(),
            place.path().display(),
            backup.map(|path| path.display().to_string()).unwrap_or_default()
        ));
    }

    let arguments = arguments(options, &asked.arguments)?;
    let entry = host.entry(&command, &arguments, &asked.env);
    let edited = jsonc::set(place.text(), host.section(), name, &format!("{entry:#}")).map_err(wrong)?;
    if asked.dry_run {
        say(&format!("would put {name:?} into {}:", place.path().display()))?;
        let hidden: Vec<_> = asked.env.iter().map(|(name, _)| (name.clone(), "***".to_owned())).collect();
        let arguments: Vec<_> = arguments.iter().map(|argument| shown(argument)).collect();
        return say(&format!("{:#}", host.entry(&command, &arguments, &hidden)));
    }
    let same =
        there.is_some_and(|there| serde_json::from_str::<Value>(there).is_ok_and(|there| there == entry));
    if same {
        return say(&format!("{} starts {name:?} already", host.name()));
    }
    let before = there.and_then(command_of).filter(|before| *before != command);
    let backup = place.write(&edited)?;
    let mut said = format!(
        "{} starts {name:?} from its next start on\n  changed {}",
        host.name(),
        place.path().display()
    );
    if let Some(before) = before {
        said += &format!("\n  {name:?} started {before} before");
    }
    let gone = gone(there, &asked.env);
    if !gone.is_empty() {
        said += &format!("\n  it is no longer given {}: say --env again for what it needs", gone.join(", "));
    }
    if let Some(backup) = backup {
        said += &format!("\n  kept as it was in {}", backup.display());
    }
    let same = [
        asked.project.then(|| " --project".to_owned()),
        asked.file.as_ref().map(|file| format!(" --file {}", file.display())),
        asked.name.as_ref().map(|name| format!(" --name {name}")),
    ];
    let same: String = same.into_iter().flatten().collect();
    say(&format!("{said}\n  `install {}{same} --undo` takes it away", host_word(host)))
}

/// What the author reads himself may be secret.
fn shown(argument: &str) -> String {
    let named = argument.strip_prefix("--set=").and_then(|pair| pair.split_once('='));
    named.map_or_else(|| argument.to_owned(), |(name, _)| format!("--set={name}=***"))
}

fn host_word(host: Host) -> String {
    use clap::ValueEnum as _;
    host.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

fn say(text: &str) -> Result<(), String> {
    print(&printable(text)).map_err(|error| error.to_string())
}

/// This program, wherever the host is started.
fn command() -> Result<String, String> {
    let path =
        std::env::current_exe().map_err(|error| format!("nobody knows where this program is: {error}"))?;
    if !path.exists() {
        return Err(format!("this program is no longer at {}: start it anew", path.display()));
    }
    path.into_os_string().into_string().map_err(|path| {
        format!("this program is at {}, which a file of JSON cannot say", PathBuf::from(path).display())
    })
}

/// The variables that an entry had and that are not given any more.
fn gone(entry: Option<&str>, given: &[(String, String)]) -> Vec<String> {
    let entry = entry.and_then(|entry| serde_json::from_str::<Value>(entry).ok());
    let variables = entry.as_ref().and_then(|entry| entry.get("env")).and_then(Value::as_object);
    let names = variables.into_iter().flatten().map(|(name, _)| name.clone());
    names.filter(|name| !given.iter().any(|(given, _)| given == name)).collect()
}

fn command_of(entry: &str) -> Option<String> {
    // What has comments in it has a command nevertheless, but not for us.
    let entry: Value = serde_json::from_str(entry).ok()?;
    entry.get("command")?.as_str().map(str::to_owned)
}

/// The settings that stood on this command line, as the host is to give them.
fn arguments(options: &Options, own: &[String]) -> Result<Vec<String>, String> {
    let mut arguments = Vec::new();
    if let Some(file) = &options.given.file {
        let file = std::path::absolute(file).map_err(|error| format!("--config: {error}"))?;
        arguments.push(format!("--config={}", file.display()));
    }
    for (key, value) in &options.given.options {
        if *key == "http" {
            return Err("a host speaks to the server over standard input: leave --http out".into());
        }
        arguments.push(format!("--{}={value}", key.replace('_', "-")));
    }
    arguments.extend(options.set.iter().map(|pair| format!("--set={pair}")));
    arguments.extend(own.iter().cloned());
    Ok(arguments)
}
