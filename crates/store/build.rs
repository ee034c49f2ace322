//! Migrations are embedded in the program: a new one must make it build again.
fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
