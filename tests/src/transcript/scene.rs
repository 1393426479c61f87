//! A page, played: each step done in its turn, and what came of it compared.
//!
//! Invariants: a command ends as its page says: with 0 unless the page shows another exit code; the
//! play goes on after a difference, and tells all of them. Absent: what a page says (`page`), and
//! what may differ (`vary`).

use std::{
    fs::{self, File},
    io::Write as _,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::{
    compare,
    names::Names,
    page::{self, Act, Step, Typed},
    shell::Shell,
    stay::Stay,
};
use crate::xtask::{
    Failure,
    build::{self, Products},
    project,
};

/// What stands in a transcript where Ctrl-C was pressed.
const CTRL_C: &str = "^C";

/// Ports are looked for below those that outgoing connections usually have.
const PORTS: std::ops::Range<u16> = 10_000..17_900;

/// A page that is being played.
struct Scene<'a> {
    shell: Shell,
    /// In the order of their starts.
    stays: Vec<Stay>,
    /// How many were ever started.
    started: usize,
    names: Names,
    /// What the page says stands for something of this run: ports and folders.
    stands: Vec<(String, String)>,
    // After what writes to it.
    work: tempfile::TempDir,
    say: &'a dyn Fn(&str),
    /// What was not as the page shows it.
    differences: Vec<String>,
}

/// Plays the page `name` (its path from the project's root) with the programs of `xtask`, and says
/// each command with what it printed.
///
/// # Errors
/// What was not as the page shows it.
pub fn play(name: &str, xtask: &Path, say: &dyn Fn(&str)) -> Result<(), Failure> {
    let at = |line: usize, what: String| format!("{name}:{line}: {what}");
    let found = |line, what| Failure::Found { summary: at(line, what) };
    let path = project::root().join(name);
    let text = fs::read_to_string(&path)
        .map_err(|error| Failure::File { path, reason: error.to_string() })?;
    let steps = page::read(&text).map_err(|(line, what)| found(line, what))?;
    let products = build::products()?;
    let mut scene = Scene::open(&products, xtask, say).map_err(|what| found(1, what))?;
    let mut differences = Vec::new();
    for step in steps {
        let done = scene.step(&step);
        differences.extend(scene.differences.drain(..).map(|what| at(step.line, what)));
        if let Err(what) = done {
            differences.push(at(step.line, what));
            break;
        }
    }
    if differences.is_empty() {
        return scene.close().map_err(|what| found(1, what));
    }
    Err(Failure::Found { summary: differences.join("\n\n") })
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl<'a> Scene<'a> {
    fn open(products: &Products, xtask: &Path, say: &'a dyn Fn(&str)) -> Result<Self, String> {
        let work = tempfile::Builder::new().prefix("transcript-").tempdir().map_err(words)?;
        let (folder, home, bin) =
            (work.path().join("page"), work.path().join("home"), work.path().join("bin"));
        for one in [&folder, &home, &bin, &work.path().join("stays")] {
            fs::create_dir(one).map_err(words)?;
        }
        write_cargo(&bin.join("cargo"), xtask).map_err(words)?;
        let products = products.node.parent().ok_or("the products have no folder")?;
        let path = format!("{}:{}:/usr/sbin:/usr/bin:/bin", bin.display(), products.display());
        let environment = [
            ("PATH", path),
            ("HOME", home.display().to_string()),
            ("LC_ALL", "C.UTF-8".to_owned()),
            ("FEIQIAN_PRODUCTS", products.display().to_string()),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value));
        let shell = Shell::start(&folder, &environment)?;
        let address = ("ADDRESS".to_owned(), project::root().display().to_string());
        Ok(Self {
            shell,
            stays: Vec::new(),
            started: 0,
            names: Names::default(),
            stands: vec![address],
            work,
            say,
            differences: Vec::new(),
        })
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        match &step.act {
            Act::Shown => Ok(()),
            Act::Type(typed) | Act::Runs(typed) => self.perform(typed),
            Act::Unseen(command) => {
                let command = self.translate(command);
                let done = self.shell.run(&command)?;
                (self.say)(&format!("({command})"));
                if done.code == 0 { Ok(()) } else { Err(format!("`{command}`: {}", done.printed)) }
            }
            Act::Write { path, text, append } => self.write(path, text, *append),
            Act::Interrupt(words) => self.interrupt(words).map(|_| ()),
            Act::Port(ports) => ports.split_whitespace().try_for_each(|port| {
                let free = self.free_port()?;
                self.stands.push((port.to_owned(), free.to_string()));
                Ok(())
            }),
            Act::Folder(path) => {
                let real = self.work.path().join("folders").join(path.trim_start_matches('/'));
                fs::create_dir_all(real.parent().unwrap_or(&real)).map_err(words)?;
                self.stands.push((path.clone(), real.display().to_string()));
                Ok(())
            }
        }
    }

    fn perform(&mut self, typed: &Typed) -> Result<(), String> {
        let command = self.translate(&typed.command);
        let interrupted = typed.shown.iter().position(|line| line == CTRL_C);
        if typed.until.is_some() || interrupted.is_some() {
            return self.stay(&command, typed, interrupted);
        }
        let done = self.shell.run(&command)?;
        (self.say)(&format!("$ {command}\n{}", done.printed));
        let printed = self.as_shown(&done.printed);
        self.judge(&typed.shown, &printed, false);
        let code = typed.code.unwrap_or(0);
        if code != done.code {
            self.differences.push(format!("`{command}` ended with {}, not {code}", done.code));
        }
        Ok(())
    }

    /// Starts a command that stays, and goes on once it has printed what is shown.
    fn stay(
        &mut self,
        command: &str,
        typed: &Typed,
        interrupted: Option<usize>,
    ) -> Result<(), String> {
        let (folder, environment) = self.surroundings()?;
        let output = self.work.path().join("stays").join(self.started.to_string());
        self.started += 1;
        let mut stay = Stay::start(command, &folder, &environment, output)?;
        let shown = typed.shown.get(..interrupted.unwrap_or(typed.shown.len())).unwrap_or_default();
        let is_there = |printed: &str| match &typed.until {
            Some(until) => printed.contains(until),
            None => self.is_shown(shown, printed),
        };
        stay.wait(|printed| {
            // A line that is not ended is not read yet.
            let whole = printed.rfind('\n').and_then(|end| printed.get(..end));
            whole.is_some_and(|whole| is_there(&self.as_shown(whole)))
        })?;
        let printed = stay.printed();
        (self.say)(&format!("$ {command}\n{printed}"));
        self.stays.push(stay);
        let Some(at) = interrupted else {
            self.judge(shown, &self.as_shown(&printed), true);
            return Ok(());
        };
        let printed = self.interrupt(command)?;
        let after = typed.shown.get(at + 1..).unwrap_or_default();
        let whole: Vec<_> = shown.iter().chain(after).cloned().collect();
        self.judge(&whole, &self.as_shown(&printed), true);
        Ok(())
    }

    fn interrupt(&mut self, words: &str) -> Result<String, String> {
        let place = self.stays.iter().rposition(|stay| stay.begins(words));
        let place = place.ok_or_else(|| format!("nothing that stays begins with `{words}`"))?;
        let printed = self.stays.remove(place).interrupt()?;
        (self.say)(&format!("^C ({words})"));
        Ok(printed)
    }

    /// The shell's folder and environment, as a second terminal's would be.
    fn surroundings(&mut self) -> Result<(PathBuf, Vec<(String, String)>), String> {
        let file = self.work.path().join("environment");
        let folder = self.shell.run(&format!("env -0 > '{}'; pwd", file.display()))?.printed;
        let bytes = fs::read(&file).map_err(words)?;
        let pairs = bytes.split(|byte| *byte == 0).filter_map(|pair| {
            let pair = String::from_utf8_lossy(pair);
            pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
        });
        Ok((PathBuf::from(folder), pairs.collect()))
    }

    fn write(&mut self, path: &str, text: &str, append: bool) -> Result<(), String> {
        let (folder, _) = self.surroundings()?;
        let path = folder.join(self.translate(path));
        let text = self.translate(text);
        let mut file =
            File::options().create(true).append(append).truncate(!append).write(true).open(path);
        file.as_mut().map_err(|error| error.to_string())?.write_all(text.as_bytes()).map_err(words)
    }

    /// A command of the page as it is typed in this run.
    fn translate(&self, command: &str) -> String {
        let named = self.names.translate(command);
        self.stands.iter().fold(named, |text, (shown, real)| replace(&text, shown, real))
    }

    /// What was printed, with the page's ports and folders in the place of this run's.
    fn as_shown(&self, printed: &str) -> String {
        self.stands
            .iter()
            .rev()
            .fold(printed.to_owned(), |text, (shown, real)| replace(&text, real, shown))
    }

    fn judge(&mut self, shown: &[String], printed: &str, begins: bool) {
        let lines: Vec<_> = printed.lines().collect();
        if !compare::lines(shown, &lines, begins, &mut self.names) {
            let shown = shown.join("\n");
            let what = format!("the page shows:\n{shown}\nwhat was printed:\n{printed}");
            self.differences.push(what);
        }
    }

    fn is_shown(&self, shown: &[String], printed: &str) -> bool {
        let lines: Vec<_> = printed.lines().collect();
        compare::lines(shown, &lines, true, &mut self.names.clone())
    }

    /// A port that nothing listens on, and that stands for no other.
    fn free_port(&self) -> Result<u16, String> {
        let mut bytes = [0; 2];
        getrandom::fill(&mut bytes).map_err(words)?;
        let count = PORTS.end - PORTS.start;
        let first = u16::from_le_bytes(bytes) % count;
        let ports = (0..count).map(|step| PORTS.start + (first + step) % count);
        let is_given = |port: u16| self.stands.iter().any(|(_, real)| *real == port.to_string());
        let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
        ports
            .filter(|port| !is_given(*port))
            .find(is_free)
            .ok_or_else(|| "no port is free".to_owned())
    }

    /// Ends what still runs, the last first.
    fn close(mut self) -> Result<(), String> {
        while let Some(stay) = self.stays.pop() {
            stay.interrupt()?;
        }
        Ok(())
    }
}

/// Replaces a port or folder where it stands for itself, not within a longer word.
fn replace(text: &str, from: &str, to: &str) -> String {
    let (mut rest, mut out) = (text, String::new());
    while let Some(at) = rest.find(from) {
        let (before, found) = rest.split_at(at);
        let behind = &found[from.len()..];
        let is_part = |next: Option<char>| next.is_some_and(|next| next.is_ascii_alphanumeric());
        let is_within = is_part(before.chars().last()) || is_part(behind.chars().next());
        out.push_str(before);
        out.push_str(if is_within { from } else { to });
        rest = behind;
    }
    out + rest
}

/// The house's verbs without the build: `cargo demo` and its like, by the program that has them.
fn write_cargo(path: &Path, xtask: &Path) -> std::io::Result<()> {
    let xtask = xtask.display();
    let script = format!(
        "#!/bin/sh\ncase \"$1\" in\n  xtask) shift; exec '{xtask}' \"$@\" ;;\n  \
         demo|devnet) exec '{xtask}' \"$@\" ;;\nesac\necho \"no cargo here: $*\"\nexit 1\n"
    );
    fs::write(path, script)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(test)]
mod tests {
    use super::replace;

    #[test]
    fn a_port_within_a_number_is_another() {
        assert_eq!(replace("127.0.0.1:7680/v1 17680 7680", "7680", "1"), "127.0.0.1:1/v1 17680 1");
    }
}
