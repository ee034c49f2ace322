//! Any bytes, as native XML and as each file of each shipped profile: `cargo +nightly fuzz run read`.
//! The first byte picks the reader; seeds are in `schemas/samples` and `crates/formats/tests/fixtures`.
#![no_main]

use std::sync::LazyLock;

use formats::{Limits, Options, Profile, profile};
use libfuzzer_sys::fuzz_target;

static PROFILES: LazyLock<Vec<Profile>> = LazyLock::new(profile::shipped);
const KY: [&str; 9] = [
    "student", "move", "enrollment", "facility", "course", "assessment", "immunization", "alert", "gradreq",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let limits = Limits { decompressed_bytes: 1 << 20, ..Limits::default() };
    let as_of = Some("2026-04-01T00:00:00Z".parse().expect("an instant"));
    if *choice < 128 {
        let path = folder.path().join("upload");
        std::fs::write(&path, bytes).expect("the temporary folder takes it");
        let _ = formats::read(&path, &Options { limits, as_of, ..Options::default() }, &mut ());
    } else {
        for (index, name) in KY.iter().enumerate() {
            let content = if usize::from(*choice) % KY.len() == index { bytes } else { b"" };
            std::fs::write(folder.path().join(format!("KY_{name}.txt")), content).expect("the temporary folder takes it");
        }
        let profile = PROFILES.iter().find(|p| p.name == "ky");
        let _ = formats::read(folder.path(), &Options { profile, limits, as_of, ..Options::default() }, &mut ());
    }
});
