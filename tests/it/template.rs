//! The project template becomes a project whose own tests and lints pass, and its files say only what is true.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Copies a folder with the name of the project in its place, as `cargo generate` does.
fn instantiate(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_name() == "cargo-generate.toml" || entry.file_name() == "target" {
            continue;
        }
        if path.is_dir() {
            instantiate(&path, &target);
        } else {
            let text = fs::read_to_string(&path).unwrap().replace("{{project-name}}", "note-keeper");
            assert!(!text.contains("{{"), "{}", path.display());
            fs::write(&target, text).unwrap();
        }
    }
}

fn project(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    instantiate(&Path::new(ROOT).join("template"), &folder);
    folder
}

/// `make` in a project that depends on this tree, with the versions of its lock file, so that nothing is downloaded.
fn make(folder: &Path, targets: &[&str]) -> String {
    let config = folder.join(".cargo/config.toml");
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    let runtime = Path::new(ROOT).join("mcp-runtime");
    fs::write(
        config,
        format!("[patch.crates-io]\nmcp-runtime = {{ path = {:?} }}\n", runtime.to_str().unwrap()),
    )
    .unwrap();
    fs::copy(Path::new(ROOT).join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    // Its folder stands in the folder that everything is built in, so what is built already is not built again.
    let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut command = Command::new("make");
    command
        .args(targets)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", shared)
        .env("CARGO_NET_OFFLINE", "true");
    for name in ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_BIN_NAME", "CARGO_PKG_NAME", "RUSTFLAGS", "MCP_RECORD"]
    {
        command.env_remove(name);
    }
    let output = command.output().unwrap();
    let said =
        format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    said
}

#[cfg(unix)]
#[test]
#[ignore = "`make template` runs it: it builds a project, which takes minutes"]
fn a_project_of_the_template_passes_its_own_tests_and_lints() {
    let folder = project("note-keeper");
    let said = make(&folder, &["test", "lint", "docs"]);
    assert!(said.contains("notes_are_found_in_any_case ... ok"), "{said}");
    assert!(said.contains("it_serves_standard_input_and_output ... ok"), "{said}");
}

/// The values of a key in lines such as `    key: value`.
fn values<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    text.lines().filter_map(|line| line.trim().strip_prefix(key)?.strip_prefix(": ")).collect()
}

#[test]
fn the_template_has_every_target_and_its_files_name_only_what_there_is() {
    let folder = project("note-keeper-files");
    let makefile = fs::read_to_string(folder.join("Makefile")).unwrap();
    for target in [
        "serve",
        "test",
        "lint",
        "docs",
        "test-integration",
        "test-contract",
        "security-scan",
        "performance-test",
        "container",
        "deploy",
    ] {
        assert!(makefile.contains(&format!("\n{target}: ## ")), "{target}");
    }
    let container = fs::read_to_string(folder.join("Dockerfile")).unwrap();
    let ignored = fs::read_to_string(folder.join(".dockerignore")).unwrap();
    for line in container.lines().filter(|line| line.starts_with("COPY ") && !line.contains("--from")) {
        let words: Vec<_> = line.split_whitespace().skip(1).collect();
        for source in words.split_last().unwrap().1 {
            assert!(*source == "Cargo.lock" || folder.join(source).exists(), "{source}");
            assert!(ignored.contains(&format!("!{source}\n")), "{source} is kept from the builder");
        }
    }
    assert!(container.contains("USER 65532:65532"), "nobody is root");

    // Everything that is set is a setting, and every value can be read.
    let settings: BTreeMap<String, String> = container
        .lines()
        .filter_map(|line| line.strip_prefix("ENV "))
        .flat_map(str::split_whitespace)
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.replace("/etc/server.toml", "server.toml")))
        .collect();
    let hello = crate::wire::example("hello");
    let run = |variables: &BTreeMap<String, String>| {
        let output =
            Command::new(&hello).arg("config").current_dir(&folder).envs(variables).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        assert!(!said.contains("nobody reads"), "{said}");
        String::from_utf8(output.stdout).unwrap()
    };
    let shown = run(&settings);
    assert!(shown.contains("(server.toml)") && shown.contains("0.0.0.0:8080  (MCP_HTTP)"), "{shown}");

    let cluster = fs::read_to_string(folder.join("deploy/kubernetes.yaml")).unwrap();
    let (_, rest) = cluster.split_once("server.toml: |\n").unwrap();
    let file: Vec<_> = rest.lines().take_while(|line| line.starts_with("    ")).map(str::trim).collect();
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let file = file.join("\n").replace("/run/secrets/api-keys", &at("api-keys"));
    let file = file.replace("/run/secrets/state-keys", &at("state-keys"));
    fs::write(folder.join("cluster.toml"), file).unwrap();
    fs::write(folder.join("api-keys"), "ci=sk-8d1f0c7e5a2b49 notes:read\n").unwrap();
    fs::write(folder.join("state-keys"), "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=\n").unwrap();
    let shown = run(&[("MCP_CONFIG".to_owned(), "cluster.toml".to_owned())].into());
    assert!(shown.contains("mcp.example.com  (cluster.toml)"), "{shown}");
    for (key, value) in [
        ("runAsNonRoot", "true"),
        ("readOnlyRootFilesystem", "true"),
        ("allowPrivilegeEscalation", "false"),
        ("automountServiceAccountToken", "false"),
        ("limits", "{memory: 256Mi}"),
    ] {
        assert_eq!(values(&cluster, key), [value], "{key}");
    }
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        assert!(cluster.contains(probe));
    }

    // The runbook names settings that there are.
    let runbook = fs::read_to_string(folder.join("docs/runbook.md")).unwrap();
    let help = Command::new(&hello).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let words = runbook.split('`').skip(1).step_by(2).filter(|word| {
        word.contains('_') && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    for word in words {
        let variable =
            if word.starts_with("MCP_") { word.into() } else { format!("MCP_{}", word.to_uppercase()) };
        assert!(help.contains(&variable), "{word}");
    }
}
