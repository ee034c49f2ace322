//! A line that breaks: connections pass through it until so many bytes went to the hub, then both ends are cut.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A line to a hub.
pub(crate) struct Line {
    pub(crate) address: SocketAddr,
    cuts: Arc<AtomicUsize>,
}

impl Line {
    /// Each connection carries as many bytes to the hub as `carries` says of its number; `None`: any number.
    pub(crate) fn to(hub: SocketAddr, carries: impl Fn(usize) -> Option<usize> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let cuts = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&cuts);
        std::thread::spawn(move || {
            for (number, client) in listener.incoming().flatten().enumerate() {
                let left = carries(number).unwrap_or(usize::MAX);
                let cuts = Arc::clone(&counted);
                let Ok(hub) = TcpStream::connect(hub) else {
                    continue;
                };
                let (answers, to) = (
                    hub.try_clone().expect("a stream"),
                    client.try_clone().expect("a stream"),
                );
                std::thread::spawn(move || carry(answers, to, usize::MAX));
                std::thread::spawn(move || {
                    if carry(client, hub, left) {
                        cuts.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        Self { address, cuts }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// How often it broke.
    pub(crate) fn cuts(&self) -> usize {
        self.cuts.load(Ordering::Relaxed)
    }
}

/// Whether it was cut before it ended by itself.
fn carry(mut from: TcpStream, mut to: TcpStream, mut left: usize) -> bool {
    let mut buffer = vec![0; 8 << 10];
    while left > 0 {
        let most = left.min(buffer.len());
        match from.read(&mut buffer[..most]) {
            Ok(count) if count > 0 && to.write_all(&buffer[..count]).is_ok() => left -= count,
            _ => break,
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
    left == 0
}
