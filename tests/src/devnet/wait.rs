//! Waiting for a condition, with a limit.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use super::DevnetError;

/// How often a condition is looked at.
const GLANCE: Duration = Duration::from_millis(10);

/// Looks again and again until there is an answer.
///
/// # Errors
/// [`DevnetError::TimedOut`] after `limit`; it says what was awaited and which log to read.
pub fn until<T>(
    what: &str,
    log: &Path,
    limit: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> Result<T, DevnetError> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(answer) = look() {
            return Ok(answer);
        }
        if Instant::now() >= deadline {
            let (what, log) = (what.to_owned(), log.to_owned());
            return Err(DevnetError::TimedOut { what, seconds: limit.as_secs(), log });
        }
        std::thread::sleep(GLANCE);
    }
}

#[cfg(test)]
mod tests {
    use std::{path::Path, time::Duration};

    use super::until;

    #[test]
    fn it_ends_with_the_answer_or_the_limit() {
        let mut looks = 0;
        let log = Path::new("node.log");
        let third = until("third look", log, Duration::from_secs(60), || {
            looks += 1;
            (looks == 3).then_some(looks)
        });
        assert_eq!(third.unwrap(), 3);
        let never = until::<()>("answer", log, Duration::ZERO, || None).unwrap_err();
        assert_eq!(never.to_string(), "no answer within 0 s; read node.log");
    }
}
