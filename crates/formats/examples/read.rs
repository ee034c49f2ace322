//! Reads an upload and prints its findings: `read PATH [PROFILE] [--full]`.
use formats::{Handler, Options, profile};
use std::ops::ControlFlow;
struct Print;
impl Handler for Print {
    fn finding(&mut self, f: mde::Finding) -> ControlFlow<()> {
        println!(
            "{} {}:{} id={} {} el={} got={:?} {} || {}",
            f.code,
            f.file.as_deref().unwrap_or("-"),
            f.line.unwrap_or(0),
            f.state_student_id.as_deref().unwrap_or("-"),
            f.part.map_or("-", |p| p.name()),
            f.element.as_deref().unwrap_or("-"),
            f.received.as_deref().unwrap_or(""),
            f.message,
            f.fix
        );
        ControlFlow::Continue(())
    }
}
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let shipped = profile::shipped();
    let name = std::env::args().nth(2);
    let options = Options {
        profile: name.and_then(|n| shipped.iter().find(|p| p.name == n)),
        ..Options::default()
    };
    println!("{:?}", formats::sniff(path.as_ref(), &options).map(|h| h.as_of));
    match formats::read(path.as_ref(), &options, &mut Print) {
        Ok(s) => println!("{:?}", s.rows),
        Err(e) => println!("REFUSED {} {e} || {}", e.code, e.fix),
    }
}
