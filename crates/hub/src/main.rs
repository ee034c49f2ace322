//! mariposa
fn main() {}
