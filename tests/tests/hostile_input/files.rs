//! Files that programs are given or find in their homes, with something else in their place.
//!
//! Whatever stands there, the program ends with its documented exit code, in bounded time and
//! memory: it waits for no pipe and reads no device to its end.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::arguments::home;
use crate::program::{Expected, Program, judge};
use Program::{Genesis, Node, Wallet};

/// What stands in the place of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Empty,
    OneByte,
    Half,
    Zeros,
    NotUtf8,
    Twice,
    DuplicateKey,
    Deep,
    Gigabyte,
    Folder,
    NamedPipe,
    Device,
    LinkToNothing,
    LinkToItself,
    Missing,
}

/// What a reader of content sees.
const CONTENT: [Fault; 8] = [
    Fault::Empty,
    Fault::OneByte,
    Fault::Half,
    Fault::Zeros,
    Fault::NotUtf8,
    Fault::Twice,
    Fault::DuplicateKey,
    Fault::Deep,
];

/// What is no file, or too large for one.
const PLACE: [Fault; 7] = [
    Fault::Gigabyte,
    Fault::Folder,
    Fault::NamedPipe,
    Fault::Device,
    Fault::LinkToNothing,
    Fault::LinkToItself,
    Fault::Missing,
];

impl Fault {
    /// Puts it at `path`, where nothing is.
    fn plant(self, path: &Path, good: &[u8]) {
        let write = |bytes: &[u8]| fs::write(path, bytes).unwrap();
        match self {
            Self::Empty => write(b""),
            Self::OneByte => write(&good[..1]),
            Self::Half => write(&good[..good.len() / 2]),
            Self::Zeros => write(&[0; 500]),
            Self::NotUtf8 => write(&[b"\xff\xfe", good].concat()),
            Self::Twice => write(&[good, good].concat()),
            Self::DuplicateKey => write(&doubled(good)),
            Self::Deep => write("[".repeat(100_000).as_bytes()),
            Self::Gigabyte => {
                let mut file = File::create(path).unwrap();
                file.write_all(good).unwrap();
                file.set_len(1 << 30).unwrap();
            }
            Self::Folder => fs::create_dir(path).unwrap(),
            Self::NamedPipe => {
                use rustix::fs::{CWD, FileType, Mode, mknodat};
                mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
            }
            Self::Device => symlink("/dev/zero", path).unwrap(),
            Self::LinkToNothing => symlink("nowhere", path).unwrap(),
            Self::LinkToItself => symlink(path.file_name().unwrap(), path).unwrap(),
            Self::Missing => {}
        }
        if let Ok(found) = fs::symlink_metadata(path)
            && found.is_file()
        {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

/// The first field once more: in JSON, in TOML, or else the first line.
fn doubled(good: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(good);
    match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text) {
        Ok(fields) => {
            let (name, value) = fields.iter().next().unwrap();
            text.replacen('{', &format!("{{\"{name}\":{value},"), 1).into_bytes()
        }
        Err(_) => {
            let is_field = |line: &&str| line.contains(" = ");
            let first = text.lines().find(is_field).or(text.lines().next()).unwrap_or_default();
            text.replacen(first, &format!("{first}\n{first}"), 1).into_bytes()
        }
    }
}

/// A file that a program reads.
struct Reader {
    program: Program,
    /// Where it stands, below the folder of the run.
    place: &'static str,
    good: Vec<u8>,
    /// The command line: words parted by `|`.
    line: String,
    /// How it ends for bad content, and with which faults of content that is tried.
    content: (i32, &'static str, Vec<Fault>),
    /// The same for what is no file.
    no_file: (i32, &'static str, Vec<Fault>),
}

impl Reader {
    fn of(
        program: Program,
        line: &str,
        good: &[u8],
        content: (i32, &'static str),
        no_file: i32,
    ) -> Self {
        let line = line.to_owned();
        let content = (content.0, content.1, CONTENT.to_vec());
        let no_file = (no_file, "given", PLACE.to_vec());
        Self { program, place: "given", good: good.to_vec(), line, content, no_file }
    }

    fn at(mut self, place: &'static str) -> Self {
        self.place = place;
        self.no_file.1 = "";
        self
    }

    fn without(mut self, faults: &[Fault]) -> Self {
        self.content.2.retain(|fault| !faults.contains(fault));
        self.no_file.2.retain(|fault| !faults.contains(fault));
        self
    }
}

fn sample(target: &str) -> Vec<u8> {
    (tests::fuzz::find(target).unwrap().samples)().remove(0)
}

fn of_wallet() -> Vec<Reader> {
    let chain = format!("fqd-{}", "07".repeat(32));
    // What is too long or no UTF-8 is refused where the file is read.
    let of = |line: &str, good: &[u8], exit: i32, code: &'static str| {
        Reader::of(Wallet, line, good, (exit, code), 2)
    };
    let toml = b"api = [\"http://127.0.0.1:9\"]\nchain_id = \"fqd-07\"\n";
    vec![
        of(
            &format!("proof|verify|given|--chain-id|{chain}"),
            &sample("proof-file"),
            3,
            "proof-refused",
        ),
        of(
            "proof|verify|/dev/null|--genesis|given",
            &sample("genesis-sealed"),
            2,
            "bad-genesis|error[file]",
        ),
        of(
            &format!("statement|verify|given|--chain-id|{chain}"),
            &sample("statement-file"),
            3,
            "statement-refused",
        ),
        of("tx|inspect|given", &sample("transaction-file"), 2, "bad-transaction-file|error[file]"),
        of(
            "tx|sign|given|-o|out",
            &sample("transaction-file"),
            2,
            "bad-transaction-file|error[file]",
        ),
        of("pay|--file|given", &sample("payments-file"), 2, "bad-payments-file|error[file]")
            .without(&[Fault::Half]),
        of(
            "keys|import|k|--keystore|given|--password-file|pass",
            &sample("keystore"),
            2,
            "bad-key|error[file]",
        ),
        of(
            "keys|import|k|--words-file|given|--password-file|pass",
            &sample("key-words"),
            2,
            "bad-words|error[file]",
        ),
        of("keys|new|k|--no-words|--password-file|given", b"horse", 2, "pass").without(&[
            Fault::NotUtf8,
            Fault::Zeros,
            Fault::Deep,
            Fault::Twice,
            Fault::DuplicateKey,
        ]),
        of("--profile|bad|status", toml, 2, "bad-profile").at("profiles/bad.toml"),
        of("status", b"profile = \"bank\"\n", 2, "bad-config").at("config.toml").without(&[
            Fault::Empty,
            Fault::Missing,
            Fault::LinkToNothing,
        ]),
        of("balance", b"[accounts]\nlee = \"fqd1\"\n", 2, "bad-address-book")
            .at("books/bank.toml")
            .without(&[Fault::Empty, Fault::Missing, Fault::LinkToNothing]),
        of(
            "bank|set-fees|--file|given|--institution|PSBCCNBJ",
            b"version = 1\ncollector = \"@fees\"\n",
            2,
            "bad-fee-schedule|error[file]",
        ),
        // What a message says is for the node to judge, and none answers here.
        of("iso|submit|given", &sample("pacs-008"), 5, ""),
        of("keys|list", &sample("keystore"), 2, "bad-key|error[file]")
            .at("keys/k.json")
            .without(&[Fault::Missing]),
        of("--profile|dev|status", &sample("devnet-file"), 2, "bad-devnet").at("d/devnet.json"),
    ]
}

/// What the outbox holds might be a payment: a damaged entry is the wallet's own trouble, exit 1.
fn of_outbox() -> Vec<Reader> {
    let place = "outbox/7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10.json";
    let entry = sample("outbox-entry");
    let reader = Reader::of(Wallet, "pay|--resume|7f0c2b9e", &entry, (1, "damaged-outbox"), 1);
    vec![reader.at(place).without(&[Fault::Missing, Fault::LinkToNothing])]
}

fn of_genesis() -> Vec<Reader> {
    let of = |line: &str, good: &str| Reader::of(Genesis, line, &sample(good), (1, "given"), 1);
    vec![
        of("verify|given", "genesis-sealed"),
        of("show|given", "genesis-sealed"),
        of("sign|given|--keys|k|-o|out", "genesis-sealed"),
        of("seal|given|-o|out", "genesis-draft"),
        of("add|given|member", "genesis-draft"),
        of("add|draft|given", "member-file"),
        of("admit|given", "member-file"),
        of("verify|sealed|--signature|given", "genesis-approval"),
    ]
}

fn of_node() -> Vec<Reader> {
    let of =
        |line: &str, good: &[u8], exit: i32| Reader::of(Node, line, good, (exit, "given"), exit);
    let change = sample("change-document");
    vec![
        of("init|--home|new|--member-keys|k|--genesis|given", &sample("genesis-sealed"), 1),
        of("rehearse|given|--api|http://127.0.0.1:9", &change, 2),
        of("devnet|--dir|new|--for-message|given", &sample("pacs-008"), 2)
            .without(&[Fault::DuplicateKey]),
    ]
}

/// Homes of nodes with something else in the place of one of their files.
fn of_homes(home: &Path) -> Vec<Reader> {
    let read = |name: &str| fs::read(home.join(name)).unwrap();
    let mut readers = Vec::new();
    for (name, place) in [
        ("node.toml", "home/node.toml"),
        ("genesis.json", "home/genesis.json"),
        ("keys/voting.key", "home/keys/voting.key"),
        ("keys/node.key", "home/keys/node.key"),
    ] {
        // A check of the ledger that cannot be made has a code of its own.
        for (line, exit) in
            [("run|--home|home", 1), ("check|--home|home", 1), ("verify-ledger|--home|home", 3)]
        {
            let reader = Reader::of(Node, line, &read(name), (exit, "error|fail"), exit).at(place);
            readers.push(match name {
                // Cut behind a line it is a shorter configuration, and what it needs comes first.
                "node.toml" => reader.without(&[Fault::Half]),
                // Without a voting key the node observes, as it says; `run` refuses a link that
                // leads nowhere, `check` says that there is no key.
                "keys/voting.key" if line.starts_with("check") => {
                    reader.without(&[Fault::Missing, Fault::LinkToNothing, Fault::LinkToItself])
                }
                "keys/voting.key" => reader.without(&[Fault::Missing]),
                _ => reader,
            });
        }
    }
    let operators = b"{\"format\":\"feiqian.operators/v1\",\"operators\":[]}";
    for line in ["run|--home|home", "check|--home|home", "operator|list|--home|home"] {
        let reader = Reader::of(Node, line, operators, (1, "error|fail"), 1);
        readers.push(reader.at("home/operators.json").without(&[Fault::Missing]));
    }
    let manifest = b"{\"format\":\"feiqian.backup/v1\",\"files\":[]}";
    let restore = Reader::of(Node, "restore|--from|backup|--home|new", manifest, (1, ""), 1);
    readers.push(restore.at("backup/backup.json"));
    readers
}

/// A folder of a run: homes of all programs, and what lines name beside the file.
struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        home(path);
        fs::write(path.join("profiles/dev.toml"), "devnet = \"d\"\n").unwrap();
        fs::write(path.join("config.toml"), "profile = \"bank\"\n").unwrap();
        for name in ["books", "outbox", "keys", "d", "backup"] {
            fs::create_dir(path.join(name)).unwrap();
        }
        fs::write(path.join("pass"), "correct horse\n").unwrap();
        fs::write(path.join("member"), sample("member-file")).unwrap();
        fs::write(path.join("draft"), sample("genesis-draft")).unwrap();
        fs::write(path.join("sealed"), sample("genesis-sealed")).unwrap();
        let stage = Self { folder };
        stage.run(Genesis, "new|net|--network|devnet|-o|d1");
        stage.run(
            Genesis,
            "join|--network|devnet|--bic|PSBCCNBJ|--name|Post|--roles|validator|--address|\
             127.0.0.1:7600|--keys|k|-o|m1",
        );
        stage.run(Genesis, "add|d1|m1");
        stage.run(Genesis, "seal|d1|-o|g1");
        stage.run(Node, "init|--home|home|--member-keys|k|--genesis|g1|--founding");
        stage
    }

    fn path(&self, place: &str) -> PathBuf {
        self.folder.path().join(place)
    }

    /// Runs a line that must succeed.
    fn run(&self, program: Program, line: &str) {
        let words: Vec<OsString> = line.split('|').map(OsString::from).collect();
        let ran = program.run(self.folder.path(), &words);
        assert_eq!(ran.code, Some(0), "{line}: {}", ran.stderr);
    }

    /// Puts the fault in the reader's place, runs the reader, and puts back what was there.
    fn fault(
        &self,
        reader: &Reader,
        fault: Fault,
        exit: i32,
        says: &'static str,
    ) -> Option<String> {
        let (path, aside) = (self.path(reader.place), self.path("aside"));
        let had = path.exists();
        if had {
            fs::rename(&path, &aside).unwrap();
        }
        fault.plant(&path, &reader.good);
        let words: Vec<OsString> = reader.line.split('|').map(OsString::from).collect();
        let ran = reader.program.run(self.folder.path(), &words);
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => fs::remove_dir_all(&path).unwrap(),
            Ok(_) => fs::remove_file(&path).unwrap(),
            Err(_) => {}
        }
        if had {
            fs::rename(&aside, &path).unwrap();
        }
        for made in ["out", "new"] {
            let _none = fs::remove_file(self.path(made));
            let _none = fs::remove_dir_all(self.path(made));
        }
        let fault_text = judge(&ran, &Expected { exit, says })?;
        Some(format!(
            "{:?} {} with {fault:?} at {}: {fault_text}",
            reader.program, reader.line, reader.place
        ))
    }
}

#[test]
fn whatever_stands_in_the_place_of_a_file_is_refused() {
    let stage = Stage::build();
    let parts = [of_wallet(), of_outbox(), of_genesis(), of_node(), of_homes(&stage.path("home"))];
    let mut wrong = Vec::new();
    let mut count = 0;
    for reader in parts.iter().flatten() {
        for (exit, says, faults) in [&reader.content, &reader.no_file] {
            for fault in faults {
                count += 1;
                wrong.extend(stage.fault(reader, *fault, *exit, says));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    println!("{count} files");
}

#[test]
fn keys_that_others_can_read_are_refused() {
    let stage = Stage::build();
    for (place, mode) in [("home/keys/voting.key", 0o640), ("home/keys/node.key", 0o604)] {
        let path = stage.path(place);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let words = ["run", "--home", "home"].map(OsString::from);
        let ran = Node.run(stage.folder.path(), &words);
        let expected = Expected { exit: 1, says: "chmod" };
        assert_eq!(judge(&ran, &expected), None, "{place}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}
