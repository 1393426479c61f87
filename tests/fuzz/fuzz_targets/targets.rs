//! One program for all targets: `FEIQIAN_FUZZ_TARGET` names the one that libFuzzer feeds.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tests::fuzz::{Target, find};

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("FEIQIAN_FUZZ_TARGET").unwrap_or_default();
    find(&name).expect("FEIQIAN_FUZZ_TARGET names a target of `cargo xtask fuzz --list`")
});

fuzz_target!(|bytes: &[u8]| {
    (TARGET.run)(bytes);
});
