//! `feiqian config show|list|add|use|remove`: profiles, and where everything is.
//!
//! Invariants: what is written is read back before it counts; a profile is never overwritten.
//! Absent: changing a profile in place; it is a short file for an editor.

use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

use super::table;
use crate::cli::{AddProfile, Config};
use crate::code::Own;
use crate::fault::Fault;
use crate::files;
use crate::keyring;
use crate::language::{Text, say};
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
            ("trust", text(folders.trust())),
        ]),
    };
    let why = match &found {
        Ok(_) => Text::default(),
        Err(fault) => say!(" ({why})", "（{why}）"; why = fault.detail),
    };
    let known = |text: &Option<String>| match text {
        Some(text) => Text::data(text.as_str()),
        None => say!("none", "无"),
    };
    let name = known(&document.profile);
    let mut lines = vec![
        (say!("profile", "配置"), say!("{name}{why}", "{name}{why}"; name = name, why = why)),
        (say!("chain", "链"), known(&document.chain_id)),
        (say!("nodes", "节点"), Text::data(document.api.join(", "))),
        (say!("from", "付款账户"), known(&document.from)),
    ];
    let folders = document.folders.iter();
    lines.extend(folders.map(|(what, path)| (folder(what), Text::data(path.as_str()))));
    session.output.result(&table::list(&lines, 9), &document);
    Ok(())
}

/// A folder of the wallet, for people.
fn folder(name: &'static str) -> Text {
    match name {
        "profiles" => say!("profiles", "配置目录"),
        "books" => say!("books", "通讯录"),
        "keys" => say!("keys", "密钥"),
        "outbox" => say!("outbox", "发件箱"),
        "archive" => say!("archive", "归档"),
        "trust" => say!("trust", "信任记录"),
        other => Text::data(other),
    }
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
    let row = |profile: &ProfileDocument| {
        let usual = if profile.usual { say!("usual", "常用") } else { Text::default() };
        vec![Text::data(profile.name.as_str()), usual, Text::data(profile.file.as_str())]
    };
    let rows: Vec<Vec<Text>> = documents.iter().map(row).collect();
    let text = if documents.is_empty() {
        say!(
            "There are no profiles yet. Make one with: feiqian config add",
            "还没有配置。添加：feiqian config add"
        )
    } else {
        let headings = [say!("profile", "配置"), Text::default(), say!("file", "文件")];
        table::table(&headings, &rows, &[])
    };
    session.output.result(&text, &documents);
    Ok(())
}

fn add(session: &Session, command: &AddProfile) -> Result<(), Fault> {
    let name = &command.name;
    if !keyring::is_name(name) {
        let detail = say!("\"{name}\" cannot name a profile.", "“{name}”不能作为配置名称。");
        return Err(Fault::usage(Own::BadProfileName, detail, keyring::naming_rule()));
    }
    let path = profile::path_of(&session.folders, name);
    if path.exists() {
        let detail = say!(
            "There is a profile \"{name}\" already: {path}.",
            "已有配置“{name}”：{path}。",
            path = path.display()
        );
        let hint = say!("Choose another name.", "请换一个名称。");
        return Err(Fault::usage(Own::ProfileExists, detail, hint));
    }
    let chain = match (&command.chain_id, &command.genesis) {
        (Some(text), _) => Chain::parse(text)?,
        (None, Some(genesis)) => Chain::of_genesis(genesis)?,
        (None, None) => {
            let why = say!(
                "Which chain it is must come from someone you trust.",
                "是哪条链，必须来自您信任的来源。"
            );
            let hint = say!(
                "Add --chain-id ID or --genesis FILE.",
                "请加上 --chain-id ID 或 --genesis FILE。"
            );
            return Err(Fault::usage(Own::MissingFlag, why, hint));
        }
    };
    if command.node.is_empty() {
        let why = say!("A profile names the nodes to ask.", "配置须写明要询问的节点。");
        return Err(Fault::missing("--node URL", why));
    }
    let file = ProfileFile::of_network(&command.node, &chain, command.from.clone());
    let text = toml::to_string(&file).map_err(|error| Fault::defect(&error))?;
    drop(files::create(&path, text.as_bytes()).map_err(|error| Fault::file(&path, &error))?);
    told(session, &say!("Added the profile {name}", "已添加配置 {name}"), name, &path);
    Ok(())
}

fn choose(session: &Session, name: &str) -> Result<(), Fault> {
    let path = known(session, name)?;
    profile::choose(&session.folders, name)?;
    let what = say!("{name} is the usual profile from now on", "从现在起，常用配置为 {name}");
    told(session, &what, name, &path);
    Ok(())
}

fn remove(session: &Session, name: &str) -> Result<(), Fault> {
    let path = known(session, name)?;
    let shown = Text::data(format!("  {}", path.display()));
    session.confirm(&shown, &say!("Remove this profile?", "删除此配置？"))?;
    files::remove(&path).map_err(|error| Fault::file(&path, &error))?;
    told(session, &say!("Removed the profile {name}", "已删除配置 {name}"), name, &path);
    Ok(())
}

fn known(session: &Session, name: &str) -> Result<std::path::PathBuf, Fault> {
    let names = profile::names(&session.folders);
    if names.iter().any(|known| known == name) {
        return Ok(profile::path_of(&session.folders, name));
    }
    let detail = say!("There is no profile \"{name}\".", "没有配置“{name}”。");
    let hint = say!("See: feiqian config list", "请查看：feiqian config list");
    Err(Fault::usage(Own::UnknownProfile, detail, hint))
}

fn told(session: &Session, what: &Text, name: &str, path: &Path) {
    let usual = profile::usual(&session.folders).ok().flatten();
    let document = ProfileDocument {
        name: name.to_owned(),
        usual: usual.as_deref() == Some(name),
        file: path.display().to_string(),
    };
    let text = say!("{what}: {path}", "{what}：{path}", path = path.display(); what = what);
    session.output.result(&text, &document);
}
