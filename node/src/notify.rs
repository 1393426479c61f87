//! Tells the service manager that started this process how far it is (systemd's `Type=notify`).
//!
//! Invariants: without a manager nothing happens, and a manager that does not listen harms nothing.
//! Absent: the watchdog; a node that hangs is seen by its API.

use std::ffi::OsString;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Where the manager listens.
const SOCKET: &str = "NOTIFY_SOCKET";

/// The node takes requests.
pub(crate) fn ready() {
    tell("READY=1\nSTATUS=The API listens");
}

/// The node leaves: it takes no new work soon.
pub(crate) fn stopping() {
    tell("STOPPING=1\nSTATUS=Draining");
}

fn tell(state: &str) {
    let Some(socket) = std::env::var_os(SOCKET) else { return };
    if let Err(error) = send(&socket, state) {
        tracing::warn!(%error, "the service manager was not told: {state:?}");
    }
}

/// A name that begins with `@` is one of the kernel's, and no file.
fn send(socket: &OsString, state: &str) -> io::Result<()> {
    let name = socket.as_bytes();
    let address = match name.strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manager_is_told_through_files_and_names() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notify");
        let name = format!("feiqian-notify-{}", std::process::id());
        let abstract_name = SocketAddr::from_abstract_name(&name).unwrap();
        for (manager, socket) in [
            (UnixDatagram::bind(&file).unwrap(), file.clone().into_os_string()),
            (UnixDatagram::bind_addr(&abstract_name).unwrap(), format!("@{name}").into()),
        ] {
            send(&socket, "READY=1").unwrap();
            let mut told = [0; 64];
            let length = manager.recv(&mut told).unwrap();
            assert_eq!(&told[..length], b"READY=1");
        }
        send(&folder.path().join("nobody").into_os_string(), "READY=1").unwrap_err();
    }
}
