//! Webhooks over HTTPS: a certificate by the authority of `webhooks.ca` is taken, any other is
//! refused before anything is sent, and the list of deliveries says so.
#![allow(clippy::unwrap_used, clippy::panic)]

mod single;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use api::webhook::{DeliveryPage, WebhookMessage, WebhookView};
use ledger::codec;
use node::config::{EndpointConfig, WebhooksConfig};
use rcgen::{BasicConstraints, CertificateParams, CertifiedKey, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use single::{OCTETS, Single};

/// Nothing that is waited for takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// An authority that nobody knows.
fn authority() -> CertifiedKey {
    let key_pair = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedKey { cert: params.self_signed(&key_pair).unwrap(), key_pair }
}

/// A server that takes messages as `name`, by a certificate of `authority`.
struct Server {
    address: SocketAddr,
    bodies: Receiver<String>,
}

impl Server {
    fn start(authority: &CertifiedKey, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &authority.cert, &authority.key_pair).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider);
        let config = builder
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            );
        let config = Arc::new(config.unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (taken, bodies) = channel();
        // It ends with the test's process.
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let connection = ServerConnection::new(config.clone()).unwrap();
                let mut stream = StreamOwned::new(connection, socket.unwrap());
                // A client that refuses the certificate has nothing to say.
                if let Ok(body) = receive(&mut stream) {
                    let _ = taken.send(body);
                }
            }
        });
        Self { address, bodies }
    }
}

/// One request's body, which is answered 204.
fn receive(stream: &mut (impl Read + Write)) -> std::io::Result<String> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line)? > 2 {
        let lower = line.to_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let answer = b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    reader.into_inner().write_all(answer)?;
    Ok(String::from_utf8(body).unwrap())
}

fn endpoint(name: &str, server: &Server, secret: &Path) -> EndpointConfig {
    EndpointConfig {
        name: name.to_owned(),
        url: format!("https://{}/hooks", server.address),
        secret: secret.to_owned(),
        events: vec!["payment.settled".to_owned()],
        accounts: vec![],
    }
}

/// What the last attempt to send the one message to an endpoint came to.
fn result(node: &Single, name: &str) -> (String, String) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let page: DeliveryPage = node.get(&format!("/v1/webhooks/{name}/deliveries")).json();
        let tried = page.deliveries.into_iter().find(|one| one.attempts > 0);
        if let Some(one) = tried {
            return (one.status, one.last_result.unwrap());
        }
        assert!(Instant::now() < deadline, "no attempt to {name}");
        std::thread::yield_now();
    }
}

/// A node with endpoints that trusts `ca`, after a payment.
fn paid(folder: &Path, ca: Option<&CertifiedKey>, endpoints: Vec<EndpointConfig>) -> Single {
    let file = folder.join("ca.pem");
    let ca = ca.map(|authority| {
        std::fs::write(&file, authority.cert.pem()).unwrap();
        file
    });
    let config = WebhooksConfig { ca, endpoints, ..WebhooksConfig::default() };
    let node = Single::start(|all| all.webhooks = config);
    node.open_wei_and_lee();
    let bytes = codec::encode(&node.signed_payment(1, 100));
    assert_eq!(node.post("/v1/transactions?wait=final", OCTETS, &bytes).status, 200);
    node
}

fn secret(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("desk.secret");
    std::fs::write(&path, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path
}

#[test]
fn only_a_certificate_of_the_own_authority_for_the_right_name_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let secret = secret(folder.path());
    let (own, foreign) = (authority(), authority());
    let good = Server::start(&own, "127.0.0.1");
    let stranger = Server::start(&foreign, "127.0.0.1");
    let misnamed = Server::start(&own, "bank.example");
    let endpoints = vec![
        endpoint("good", &good, &secret),
        endpoint("misnamed", &misnamed, &secret),
        endpoint("stranger", &stranger, &secret),
    ];
    let node = paid(folder.path(), Some(&own), endpoints);

    let body = good.bodies.recv_timeout(PATIENCE).expect("nothing arrives");
    let message: WebhookMessage = serde_json::from_str(&body).unwrap();
    assert_eq!(message.kind, "payment.settled");
    for (name, server) in [("stranger", &stranger), ("misnamed", &misnamed)] {
        let (status, said) = result(&node, name);
        assert_eq!(status, "waiting");
        assert!(said.contains("certificate"), "{name}: {said}");
        let view: WebhookView = node.get(&format!("/v1/webhooks/{name}")).json();
        assert_eq!((view.status.as_str(), view.waiting), ("failing", 1));
        assert!(server.bodies.try_recv().is_err(), "{name} got a message");
    }
}

#[test]
fn without_an_authority_of_its_own_a_node_trusts_the_public_ones_alone() {
    let folder = tempfile::tempdir().unwrap();
    let secret = secret(folder.path());
    let server = Server::start(&authority(), "127.0.0.1");
    let node = paid(folder.path(), None, vec![endpoint("desk", &server, &secret)]);
    let (status, said) = result(&node, "desk");
    assert_eq!(status, "waiting");
    assert!(said.contains("certificate"), "{said}");
    assert!(server.bodies.try_recv().is_err());
}
