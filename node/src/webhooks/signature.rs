//! Secrets and signatures of Standard Webhooks.
//!
//! Invariants: a secret has 24 to 64 bytes and never appears in an error or in the log; while two
//! are valid, a message carries a signature by each. Absent: verification, which is the receiver's.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The secrets of one endpoint: one, or two while it changes.
#[derive(Clone)]
pub struct Secrets(Vec<Zeroizing<Vec<u8>>>);

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Secrets({})", self.0.len())
    }
}

impl Secrets {
    /// Reads the lines of a file, `whsec_` and base64 each; `None` if they are not one or two.
    pub fn parse(text: &str) -> Option<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let read = |line: &str| {
            let bytes = STANDARD.decode(line.strip_prefix("whsec_")?).ok().map(Zeroizing::new)?;
            (24..=64).contains(&bytes.len()).then_some(bytes)
        };
        let secrets = lines.map(read).collect::<Option<Vec<_>>>()?;
        (1..=2).contains(&secrets.len()).then_some(Self(secrets))
    }

    /// The value of the header `webhook-signature` for a message.
    pub(super) fn sign(&self, id: &str, timestamp: u64, body: &str) -> String {
        let signed = format!("{id}.{timestamp}.{body}");
        let signatures = self.0.iter().filter_map(|secret| {
            // HMAC takes keys of any length.
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
            mac.update(signed.as_bytes());
            Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
        });
        signatures.collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification's libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn a_message_is_signed_as_the_standards_example() {
        let secrets = Secrets::parse(SECRET).unwrap();
        let body = r#"{"test": 2432232314}"#;
        let signature = secrets.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let both = Secrets::parse(&format!("{SECRET}\n{SECRET}\n")).unwrap();
        let signatures = both.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signatures, format!("{signature} {signature}"));
    }

    #[test]
    fn what_is_no_secret_is_refused_and_none_is_shown() {
        let short = format!("whsec_{}", STANDARD.encode([1; 23]));
        for text in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_%%", &short] {
            assert!(Secrets::parse(text).is_none(), "{text}");
        }
        assert!(Secrets::parse(&format!("{SECRET}\n{SECRET}\n{SECRET}")).is_none());
        assert_eq!(format!("{:?}", Secrets::parse(SECRET).unwrap()), "Secrets(1)");
    }
}
