//! The hosts that start servers, and the files in which they look for them.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

/// A host that starts servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Host {
    /// Claude Desktop
    ClaudeDesktop,
    /// Claude Code, for all projects of yours
    ClaudeCode,
    /// Cursor, for all projects of yours
    Cursor,
    /// Visual Studio Code, in your profile
    Vscode,
}

/// What a machine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    Linux,
    Mac,
    Windows,
}

impl System {
    pub(super) fn this() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::Mac
        } else {
            Self::Linux
        }
    }
}

impl Host {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ClaudeDesktop => "Claude Desktop",
            Self::ClaudeCode => "Claude Code",
            Self::Cursor => "Cursor",
            Self::Vscode => "Visual Studio Code",
        }
    }

    /// The member that has the servers.
    pub(super) fn section(self) -> &'static str {
        match self {
            Self::ClaudeDesktop | Self::ClaudeCode | Self::Cursor => "mcpServers",
            Self::Vscode => "servers",
        }
    }

    /// The file of a user.
    pub(super) fn file(
        self,
        system: System,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<PathBuf, String> {
        let folder = |name: &str| {
            let path = environment(name).filter(|path| !path.is_empty());
            path.map(PathBuf::from)
                .ok_or_else(|| format!("the variable {name} does not say where your files are"))
        };
        let home = || folder(if system == System::Windows { "USERPROFILE" } else { "HOME" });
        let programs = || match system {
            System::Windows => folder("APPDATA"),
            System::Mac => Ok(home()?.join("Library").join("Application Support")),
            System::Linux => folder("XDG_CONFIG_HOME").or_else(|_| Ok(home()?.join(".config"))),
        };
        Ok(match self {
            Self::ClaudeDesktop => programs()?.join("Claude").join("claude_desktop_config.json"),
            Self::ClaudeCode => home()?.join(".claude.json"),
            Self::Cursor => home()?.join(".cursor").join("mcp.json"),
            Self::Vscode => programs()?.join("Code").join("User").join("mcp.json"),
        })
    }

    /// The file of a project, from its folder.
    pub(super) fn project_file(self) -> Result<PathBuf, String> {
        match self {
            Self::ClaudeDesktop => Err("Claude Desktop knows no projects: leave --project out".into()),
            Self::ClaudeCode => Ok(".mcp.json".into()),
            Self::Cursor => Ok(PathBuf::from(".cursor").join("mcp.json")),
            Self::Vscode => Ok(PathBuf::from(".vscode").join("mcp.json")),
        }
    }

    /// What stands there of a server.
    pub(super) fn entry(self, command: &str, arguments: &[String], variables: &[(String, String)]) -> Value {
        let mut entry = Map::new();
        if self != Self::ClaudeDesktop {
            entry.insert("type".into(), "stdio".into());
        }
        entry.insert("command".into(), command.into());
        entry.insert("args".into(), json!(arguments));
        if !variables.is_empty() {
            let variables: Map<_, _> =
                variables.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
            entry.insert("env".into(), variables.into());
        }
        entry.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_has_its_file_on_each_system() {
        let unix = |name: &str| (name == "HOME").then(|| "/home/ada".to_owned());
        let windows = |name: &str| match name {
            "USERPROFILE" => Some("U".to_owned()),
            "APPDATA" => Some("A".to_owned()),
            _ => None,
        };
        let file = |host: Host, system| {
            let file =
                if system == System::Windows { host.file(system, windows) } else { host.file(system, unix) };
            file.unwrap_or_default().to_string_lossy().replace('\\', "/")
        };
        for (host, linux, mac, windows) in [
            (
                Host::ClaudeDesktop,
                "/home/ada/.config/Claude/claude_desktop_config.json",
                "/home/ada/Library/Application Support/Claude/claude_desktop_config.json",
                "A/Claude/claude_desktop_config.json",
            ),
            (Host::ClaudeCode, "/home/ada/.claude.json", "/home/ada/.claude.json", "U/.claude.json"),
            (Host::Cursor, "/home/ada/.cursor/mcp.json", "/home/ada/.cursor/mcp.json", "U/.cursor/mcp.json"),
            (
                Host::Vscode,
                "/home/ada/.config/Code/User/mcp.json",
                "/home/ada/Library/Application Support/Code/User/mcp.json",
                "A/Code/User/mcp.json",
            ),
        ] {
            assert_eq!(file(host, System::Linux), linux);
            assert_eq!(file(host, System::Mac), mac);
            assert_eq!(file(host, System::Windows), windows);
        }
        assert!(Host::Cursor.file(System::Linux, |_| None).is_err());
    }
}
