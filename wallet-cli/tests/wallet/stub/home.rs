//! A person's machine: a wallet's home, a devnet's folder, and the wallet as a program.

use api::keystore::{Cost, Keystore};
use ledger::crypto::SecretKey;
use ledger::ids::Network;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use tempfile::TempDir;

use super::server::StubNode;
use super::world::{BICS, World, account, key, owner};

const PASSPHRASE: &str = "feiqian-devnet";

/// Nodes, a wallet, and the files between them.
pub(crate) struct Home {
    folder: TempDir,
    world: Arc<Mutex<World>>,
    pub(crate) nodes: Vec<StubNode>,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// How a program ended; -1 for one that a signal ended.
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let code = output.status.code().unwrap_or(-1);
        Self { code, stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// The document on standard output.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// The problem document on standard error.
    pub(crate) fn problem(&self) -> serde_json::Value {
        assert_eq!(self.stdout, "", "{self:?}");
        serde_json::from_str(&self.stderr).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// The same, if it ended with `code`.
    pub(crate) fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

impl Home {
    /// A home with this many nodes.
    pub(crate) fn new(nodes: usize) -> Self {
        let home = Self::on(Network::Devnet, nodes);
        let apis: Vec<&str> = home.nodes.iter().map(|node| node.api.as_str()).collect();
        home.write_devnet(&apis);
        home
    }

    fn on(network: Network, nodes: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = Arc::new(Mutex::new(World::new(network)));
        let nodes = (0..nodes).map(|_| StubNode::start(&world)).collect();
        Self { folder, world, nodes }
    }

    /// A home on a bank's test network: a profile, and wei's key among one's own, under the
    /// passphrase of the file `secret`.
    pub(crate) fn on_test_network() -> Self {
        let home = Self::on(Network::Test, 1);
        for folder in ["home/profiles", "home/keys"] {
            std::fs::create_dir_all(home.path(folder)).unwrap();
        }
        let address = |name| account(name).address(Network::Test);
        let profile = format!(
            "api = [{:?}]\nchain_id = {:?}\nfrom = \"@wei\"\n[accounts]\nwei = {:?}\nlee = {:?}\n",
            home.nodes[0].api,
            home.world().chain_id(),
            address("wei"),
            address("lee")
        );
        std::fs::write(home.path("home/profiles/bank.toml"), profile).unwrap();
        let passphrase = b"correct horse";
        let keystore =
            Keystore::encrypt(&owner("wei"), passphrase, Cost::DEVNET, [1; 16], [2; 24]).unwrap();
        std::fs::write(home.path("home/keys/main.json"), keystore.text()).unwrap();
        std::fs::write(home.path("secret"), passphrase).unwrap();
        home
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the devnet's files, with these nodes.
    pub(crate) fn write_devnet(&self, apis: &[&str]) {
        let folder = self.path("devnet");
        std::fs::create_dir_all(&folder).unwrap();
        let keystore = |name: &str, key: &SecretKey| {
            let passphrase = PASSPHRASE.as_bytes();
            let keystore =
                Keystore::encrypt(key, passphrase, Cost::DEVNET, [1; 16], [2; 24]).unwrap();
            std::fs::write(folder.join(name), keystore.text()).unwrap();
            name.to_owned()
        };
        let accounts: Vec<_> = [("wei", BICS[3]), ("lee", BICS[1])]
            .into_iter()
            .map(|(name, bic)| {
                serde_json::json!({"name": name, "account": account(name).address(Network::Devnet),
                    "institution": bic, "keystore": keystore(name, &owner(name))})
            })
            .collect();
        let operators: Vec<_> = (1_u8..)
            .zip(BICS)
            .map(|(bank, bic)| {
                serde_json::json!({"institution": bic, "keystore": keystore(bic, &key(1, bank))})
            })
            .collect();
        let nodes: Vec<_> = apis
            .iter()
            .map(|api| {
                serde_json::json!({"name": "x", "bic": "PSBCCNBJ", "pid": 1, "api": api,
                    "metrics": api, "home": "x"})
            })
            .collect();
        let devnet = serde_json::json!({"chain_id": self.world().chain_id(),
            "genesis": "genesis.json", "nodes": nodes, "accounts": accounts,
            "operators": operators, "passphrase": PASSPHRASE});
        std::fs::write(folder.join("devnet.json"), devnet.to_string()).unwrap();
    }

    /// Runs the wallet without a terminal.
    pub(crate) fn run(&self, words: &[&str]) -> Ended {
        Ended::of(&self.command(words).output().unwrap())
    }

    /// The same, under another locale.
    pub(crate) fn run_in(&self, words: &[&str], locale: &str) -> Ended {
        Ended::of(&self.command(words).env("LC_ALL", locale).output().unwrap())
    }

    /// Runs the wallet at a terminal at which a person types these lines.
    pub(crate) fn run_typing(&self, words: &[&str], lines: &str) -> Ended {
        let terminal = nix::pty::openpty(None, None).unwrap();
        let mut keyboard = std::fs::File::from(terminal.master);
        keyboard.write_all(lines.as_bytes()).unwrap();
        let mut command = self.command(words);
        command.stdin(terminal.slave);
        Ended::of(&command.output().unwrap())
    }

    /// Starts the wallet, to be waited for.
    pub(crate) fn start_piped(&self, words: &[&str]) -> Child {
        self.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Starts the wallet.
    pub(crate) fn start(&self, words: &[&str]) -> Child {
        self.command(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.prepared(env!("CARGO_BIN_EXE_feiqian"));
        command.args(words);
        command
    }

    /// Starts the wallet, stopped before its first instruction.
    pub(crate) fn start_stopped(&self, words: &[&str]) -> Child {
        let mut command = self.prepared("/bin/sh");
        command.args(["-c", "kill -STOP $$; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_feiqian")]);
        command.args(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// A program in this home, without a terminal.
    fn prepared(&self, program: &str) -> Command {
        let devnet = self.path("devnet");
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("FEIQIAN_HOME", self.path("home"))
            .env("FEIQIAN_DEVNET", if devnet.exists() { devnet } else { PathBuf::new() })
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// The unfinished entries of the outbox.
    pub(crate) fn outbox(&self) -> Vec<PathBuf> {
        files(&self.path("home/outbox"))
    }

    /// The entries of the archive.
    pub(crate) fn archive(&self) -> Vec<PathBuf> {
        files(&self.path("home/archive"))
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    // What was not whole when its writer was killed has another name.
    paths.filter(|path| path.extension().is_some_and(|name| name == "json")).collect()
}
