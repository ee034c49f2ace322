//! Files that are made of the program and checked in.

use std::path::Path;

/// Fails unless the file at `path`, from the root of the workspace, holds `wanted`. With `UPDATE_GENERATED` set it is
/// written first. `crate_name` is told to whoever has to do so.
#[track_caller]
pub fn in_step(path: &str, wanted: &str, crate_name: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        let written = std::fs::write(&file, wanted);
        assert!(written.is_ok(), "{path} cannot be written: {written:?}");
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == wanted,
        "{path} is not in step; run UPDATE_GENERATED=1 cargo test -p {crate_name}"
    );
}

#[cfg(test)]
mod tests {
    use super::in_step;

    #[test]
    fn a_file_that_says_something_else_is_told() {
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            return; // It would be written.
        }
        let own = include_str!("generated.rs");
        in_step("crates/testkit/src/generated.rs", own, "testkit");
        let stale = std::panic::catch_unwind(|| in_step("crates/testkit/src/generated.rs", "", "testkit"));
        assert!(stale.is_err());
    }
}
