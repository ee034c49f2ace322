//! A hub that is killed while it tells a state what happened.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use end_to_end::{Hub, mariposa_ok, until};

/// Python's HTTPS server, slow, which writes its port and then the id of each request before it answers.
/// Threads answer side by side: a line is one write, since `print` writes its end apart and lines would mix.
const RECEIVER: &str = r#"
import http.server, os, ssl, sys, time
class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        os.write(1, (self.headers["webhook-id"] + "\n").encode())
        time.sleep(0.5)
        self.send_response(204)
        self.end_headers()
    def log_message(self, *_):
        pass
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
server.socket = context.wrap_socket(server.socket, server_side=True)
os.write(1, f"{server.server_address[1]}\n".encode())
server.serve_forever()
"#;

/// Ends with the test.
struct Receiver(Child);

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a readable path")
}

/// A certificate for 127.0.0.1 that vouches for itself.
fn certificate(folder: &Path) -> Result<()> {
    let made = Command::new("openssl")
        .current_dir(folder)
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args([
            "-keyout",
            "key.pem",
            "-out",
            "receiver.pem",
            "-days",
            "2",
            "-subj",
            "/CN=receiver",
        ])
        .args(["-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .output()?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Ok(())
}

#[test]
fn killed_while_it_delivers_everything_arrives_under_its_own_id() -> Result<()> {
    const TOLD: usize = 40;
    let folder = tempfile::tempdir()?;
    let path = folder.path();
    crate::faults::open_to_postgres(path)?;
    certificate(path)?;
    let mut python = Command::new("python3")
        .args(["-c", RECEIVER])
        .args([path.join("receiver.pem"), path.join("key.pem")])
        .stdout(Stdio::piped())
        .spawn()
        .context("python3 is needed; deploy/setup test installs it")?;
    let lines = BufReader::new(python.stdout.take().context("a pipe")?).lines();
    let _receiver = Receiver(python);
    let (send, got) = mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.map_while(std::io::Result::ok) {
            let _ = send.send(line);
        }
    });
    let port = got.recv()?;

    let data = path.join("hub");
    let webhooks = format!(
        "[webhooks]\nallow_private = true\ntrust = '{}'\n",
        text(&path.join("receiver.pem"))
    );
    let hub = Hub::start_with(&data, &webhooks)?;
    let certificates = path.join("certificates");
    let issue = [
        "pki",
        "issue",
        "TX",
        "--out",
        text(&certificates),
        "--data-dir",
        text(&data),
    ];
    mariposa_ok(&issue)?;
    let address = format!("{{\"address\":\"https://127.0.0.1:{port}/\"}}");
    let json = [
        "--header",
        "Content-Type: application/json",
        "--header",
        "On-Behalf-Of: administrator-1",
    ];
    let set = [&["--request", "PUT", "--data", &address], &json[..]].concat();
    let answer = hub.curl(&certificates, "tx", "/v1/webhook", &set)?;
    ensure!(answer.status == 200, "{}", answer.text);
    for _ in 0..TOLD {
        let asked = hub.curl(&certificates, "tx", "/v1/webhook/test", &["--request", "POST"])?;
        ensure!(asked.status == 202, "{}", asked.text);
    }
    // Each arrived before its row was settled: the kill falls between.
    let mut arrived: BTreeMap<String, usize> = BTreeMap::new();
    while arrived.len() < 5 {
        *arrived
            .entry(got.recv_timeout(Duration::from_mins(1))?)
            .or_default() += 1;
    }
    hub.kill()?;

    let hub = Hub::start_with(&data, &webhooks)?;
    let ids = until("the deliveries", || {
        let list = hub.curl(&certificates, "tx", "/v1/webhook/deliveries?limit=1000", &[])?;
        let items = list.json["items"].as_array().context("a list")?;
        let all = items.iter().all(|item| item["status"] == "delivered");
        let ids = items.iter().filter_map(|item| item["webhook_id"].as_str());
        Ok(all.then(|| ids.map(ToOwned::to_owned).collect::<Vec<_>>()))
    })?;
    assert_eq!(ids.len(), TOLD);
    while arrived.len() < TOLD {
        *arrived
            .entry(got.recv_timeout(Duration::from_mins(1))?)
            .or_default() += 1;
    }
    for id in got.try_iter() {
        *arrived.entry(id).or_default() += 1;
    }
    let told: Vec<&String> = arrived.keys().collect();
    let mut ids: Vec<&String> = ids.iter().collect();
    ids.sort();
    assert_eq!(
        told, ids,
        "each at least once, under the id that it has in the list"
    );
    println!("{} arrived twice", arrived.values().filter(|n| **n > 1).count());
    ensure!(hub.terminate()?, "it stops when asked");
    Ok(())
}
