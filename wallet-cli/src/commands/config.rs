//! `feiqian config show|list|add|use|remove`: profiles, and where everything is.
//!
//! Invariants: what is written is read back before it counts; a profile is never overwritten.
//! Absent: changing a profile in place; it is a short file for an editor.

use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

use super::table;
use crate::cli::{AddProfile, Config};
use crate::fault::{Fault, sentence};
use crate::files;
use crate::keyring;
use crate::profile::{self, Chain, ProfileFile};
use crate::session::Session;

#[derive(Serialize)]
struct ConfigDocument {
    profile: Option<String>,
    chain_id: Option<String>,
    api: Vec<String>,
    from: Option<String>,
    folders: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct ProfileDocument {
    name: String,
    usual: bool,
    file: String,
}

pub(super) fn run(session: &Session, command: Option<Config>) -> Result<(), Fault> {
    match command {
        None | Some(Config::Show) => show(session),
        Some(Config::List) => list(session),
        Some(Config::Add(profile)) => add(session, &profile),
        Some(Config::Use { name }) => choose(session, &name),
        Some(Config::Remove { name }) => remove(session, &name),
    }
}

fn show(session: &Session) -> Result<(), Fault> {
    let found = session.profile();
    let profile = found.as_ref().ok();
    let folders = &session.folders;
    let text = |path: std::path::PathBuf| path.display().to_string();
    let document = ConfigDocument {
        profile: profile.map(|profile| profile.name.clone()),
        chain_id: profile.and_then(|profile| profile.chain).map(|chain| chain.text()),
        api: profile.map(|profile| profile.apis.clone()).unwrap_or_default(),
        from: profile.and_then(|profile| profile.from.clone()),
        folders: BTreeMap::from([
            ("profiles", text(folders.profiles())),
            ("books", text(folders.books())),
            ("keys", text(folders.keys())),
            ("outbox", text(folders.outbox())),
            ("archive", text(folders.archive())),
        ]),
    };
    let none = || "none".to_owned();
    let why = found.as_ref().err().map(|fault| format!(" ({})", fault.detail)).unwrap_or_default();
    let mut lines = vec![
        ("profile", format!("{}{why}", document.profile.clone().unwrap_or_else(none))),
        ("chain", document.chain_id.clone().unwrap_or_else(none)),
        ("nodes", document.api.join(", ")),
        ("from", document.from.clone().unwrap_or_else(none)),
    ];
    lines.extend(document.folders.iter().map(|(what, path)| (*what, path.clone())));
    let lines = lines.into_iter().map(|(what, value)| format!("{what:<9} {value}"));
    session.output.result(lines.collect::<Vec<_>>().join("\n"), &document);
    Ok(())
}

fn list(session: &Session) -> Result<(), Fault> {
    let usual = profile::usual(&session.folders).ok().flatten();
    let documents: Vec<ProfileDocument> = profile::names(&session.folders)
        .into_iter()
        .map(|name| ProfileDocument {
            usual: usual.as_deref() == Some(name.as_str()),
            file: profile::path_of(&session.folders, &name).display().to_string(),
            name,
        })
        .collect();
    let mut rows = table::table(&["profile", "", "file"]);
    for profile in &documents {
        let usual = if profile.usual { "usual" } else { "" };
        rows.add_row([profile.name.as_str(), usual, profile.file.as_str()]);
    }
    let text = if documents.is_empty() {
        "There are no profiles yet. Make one with: feiqian config add".to_owned()
    } else {
        table::text(rows, &[])
    };
    session.output.result(text, &documents);
    Ok(())
}

fn add(session: &Session, command: &AddProfile) -> Result<(), Fault> {
    let name = &command.name;
    if !keyring::is_name(name) {
        let detail = format!("\"{name}\" cannot name a profile.");
        let hint = "Use 1 to 32 lower-case letters, digits, - and _.";
        return Err(Fault::usage("bad-profile-name", detail, hint));
    }
    let path = profile::path_of(&session.folders, name);
    if path.exists() {
        let detail = format!("There is a profile \"{name}\" already: {}.", path.display());
        return Err(Fault::usage("profile-exists", detail, "Choose another name."));
    }
    let chain = match (&command.chain_id, &command.genesis) {
        (Some(text), _) => Chain::parse(text)?,
        (None, Some(genesis)) => Chain::of_genesis(genesis)?,
        (None, None) => {
            let why = "Which chain it is must come from someone you trust.";
            return Err(Fault::missing("--chain-id ID or --genesis FILE", why));
        }
    };
    if command.node.is_empty() {
        return Err(Fault::missing("--node URL", "A profile names the nodes to ask."));
    }
    let file = ProfileFile::of_network(&command.node, &chain, command.from.clone());
    let text = toml::to_string(&file).map_err(|error| Fault::internal(sentence(&error)))?;
    drop(files::create(&path, text.as_bytes()).map_err(|error| Fault::file(&path, &error))?);
    told(session, &format!("Added the profile {name}"), name, &path);
    Ok(())
}

fn choose(session: &Session, name: &str) -> Result<(), Fault> {
    let path = known(session, name)?;
    profile::choose(&session.folders, name)?;
    told(session, &format!("{name} is the usual profile from now on"), name, &path);
    Ok(())
}

fn remove(session: &Session, name: &str) -> Result<(), Fault> {
    let path = known(session, name)?;
    session.confirm(&format!("  {}", path.display()), "Remove this profile?")?;
    files::remove(&path).map_err(|error| Fault::file(&path, &error))?;
    told(session, &format!("Removed the profile {name}"), name, &path);
    Ok(())
}

fn known(session: &Session, name: &str) -> Result<std::path::PathBuf, Fault> {
    let names = profile::names(&session.folders);
    if names.iter().any(|known| known == name) {
        return Ok(profile::path_of(&session.folders, name));
    }
    let detail = format!("There is no profile \"{name}\".");
    Err(Fault::usage("unknown-profile", detail, "See: feiqian config list"))
}

fn told(session: &Session, what: &str, name: &str, path: &Path) {
    let usual = profile::usual(&session.folders).ok().flatten();
    let document = ProfileDocument {
        name: name.to_owned(),
        usual: usual.as_deref() == Some(name),
        file: path.display().to_string(),
    };
    session.output.result(format!("{what}: {}", path.display()), &document);
}
