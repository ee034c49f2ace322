//! A hub that is killed while it tells a state what happened.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use end_to_end::{Hub, Python, certificate, folder, issue, text, until};

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

#[test]
fn killed_while_it_delivers_everything_arrives_under_its_own_id() -> Result<()> {
    const TOLD: usize = 40;
    let folder = folder()?;
    let path = folder.path();
    certificate(path)?;
    let mut python = Command::new("python3");
    python
        .args(["-c", RECEIVER])
        .args([path.join("server.pem"), path.join("key.pem")]);
    let receiver = Python::start(&mut python)?;
    let port = receiver.line()?;

    let data = path.join("hub");
    let webhooks = format!(
        "[webhooks]\nallow_private = true\ntrust = '{}'\n",
        text(&path.join("server.pem"))
    );
    let hub = Hub::start_with(&data, &webhooks)?;
    let certificates = path.join("certificates");
    issue(&data, "TX", &certificates)?;
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
        *arrived.entry(receiver.line()?).or_default() += 1;
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
        *arrived.entry(receiver.line()?).or_default() += 1;
    }
    for id in std::iter::from_fn(|| receiver.waiting()) {
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
