//! Runs the built program as its users do: commands, a serving hub, `curl` with certificates.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

/// The built program: beside the test's own executable.
pub fn program() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let built = own.ancestors().nth(2).context("target folder")?.join("mariposa");
    if !built.exists() {
        bail!(
            "{} is not built; run `cargo build --bin mariposa` first",
            built.display()
        );
    }
    Ok(built)
}

/// Runs a command of the program to its end.
pub fn mariposa(args: &[&str]) -> Result<Output> {
    Ok(Command::new(program()?)
        .args(args)
        .env("NO_COLOR", "1")
        .output()?)
}

/// The same; fails with what it printed if it does not succeed.
pub fn mariposa_ok(args: &[&str]) -> Result<String> {
    let output = mariposa(args)?;
    if !output.status.success() {
        bail!(
            "mariposa {args:?}: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// A serving hub with a data folder and ports of its own. Dropped, it is killed.
#[derive(Debug)]
pub struct Hub {
    process: Child,
    log: Mutex<mpsc::Receiver<String>>,
    /// Port of the exchange.
    pub exchange: u16,
    /// Port of the portal.
    pub portal: u16,
    /// The operator's port.
    pub operator: u16,
}

impl Hub {
    /// Starts a hub on a data folder, on ports that are free.
    pub fn start(data_dir: &Path) -> Result<Self> {
        Self::start_with(data_dir, "")
    }

    /// The same with more of a configuration.
    pub fn start_with(data_dir: &Path, more: &str) -> Result<Self> {
        Self::start_by(Command::new(program()?), data_dir, more)
    }

    /// The same, by a command that becomes the program with the arguments that follow.
    pub fn start_by(mut command: Command, data_dir: &Path, more: &str) -> Result<Self> {
        let config = data_dir.with_extension("toml");
        let any = "127.0.0.1:0";
        std::fs::write(
            &config,
            format!(
                "data_dir = '{}'\nexchange = \"{any}\"\nportal = \"{any}\"\noperator = \"{any}\"\n{more}",
                data_dir.display()
            ),
        )?;
        let mut process = command
            .args(["serve", "--config"])
            .arg(&config)
            .env_remove("NO_COLOR")
            .env("MARIPOSA_LOG", "info,actix_server=warn")
            .stderr(Stdio::piped())
            .spawn()?;
        let log = BufReader::new(process.stderr.take().context("a piped stream")?);
        let (send, lines) = mpsc::channel();
        // The log is read to its end, so that the hub never waits for a full pipe.
        std::thread::spawn(move || {
            for line in log.lines().map_while(std::io::Result::ok) {
                let _ = send.send(line);
            }
        });
        let until = Instant::now() + Duration::from_mins(2);
        let mut seen = Vec::new();
        while let Ok(line) = lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            if let (Some(exchange), Some(portal), Some(operator)) = (
                port(&line, "exchange="),
                port(&line, "portal="),
                port(&line, "operator="),
            ) {
                return Ok(Self {
                    process,
                    log: Mutex::new(lines),
                    exchange,
                    portal,
                    operator,
                });
            }
            seen.push(line);
        }
        let _ = process.kill();
        bail!("the hub did not start:\n{}", seen.join("\n"))
    }

    /// Waits until the hub writes a line with this text to its log, for two minutes at most.
    pub fn logs(&self, text: &str) -> Result<()> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        until(text, || {
            Ok(log.try_iter().find(|line| line.contains(text)).map(drop))
        })
    }

    /// Ends the hub as a power cut would.
    pub fn kill(mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Whether the process is still there.
    pub fn is_running(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// Asks the hub to stop, as an operator would, and waits for it.
    pub fn terminate(mut self) -> Result<bool> {
        Command::new("kill")
            .args(["-TERM", &self.process.id().to_string()])
            .status()?;
        Ok(self.process.wait()?.success())
    }

    /// The process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Calls the exchange with the certificate in `folder` of a state.
    pub fn curl(&self, folder: &Path, state: &str, path: &str, extra: &[&str]) -> Result<Answer> {
        Answer::read(&self.call(folder, state, path, extra).output()?)
    }

    /// The command of such a call.
    #[must_use]
    pub fn call(&self, folder: &Path, state: &str, path: &str, extra: &[&str]) -> Command {
        let file = |name: String| folder.join(name).to_string_lossy().into_owned();
        let url = format!("https://localhost:{}{path}", self.exchange);
        let mut curl = Command::new("curl");
        curl.args([
            "--silent",
            "--show-error",
            "--max-time",
            "60",
            "--cacert",
            &file("exchange-ca.pem".into()),
        ])
        .args([
            "--cert",
            &file(format!("{state}.pem")),
            "--key",
            &file(format!("{state}-key.pem")),
        ])
        .args(["--write-out", "\n%{http_code} %header{location}"])
        .args(extra)
        .arg(&url);
        curl
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn port(line: &str, key: &str) -> Option<u16> {
    let rest = line.split(key).nth(1)?;
    let address = rest.split_whitespace().next()?;
    address.rsplit(':').next()?.parse().ok()
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    /// Status; 0 if the connection was refused.
    pub status: u16,
    /// Body, `Null` if it is no JSON.
    pub json: Value,
    /// Body as text.
    pub text: String,
    /// The `Location` header.
    pub location: String,
    /// What curl said of the connection.
    pub error: String,
}

impl Answer {
    /// Reads what `curl` wrote.
    pub fn read(output: &Output) -> Result<Self> {
        let all = String::from_utf8_lossy(&output.stdout).into_owned();
        let (text, last) = all.rsplit_once('\n').context("curl writes the status last")?;
        let (status, location) = last.split_once(' ').unwrap_or((last, ""));
        Ok(Self {
            status: status.parse().unwrap_or(0),
            json: serde_json::from_str(text).unwrap_or(Value::Null),
            text: text.to_owned(),
            location: location.trim().to_owned(),
            error: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

/// Issues a certificate of a state, to be found in the folder `out`.
pub fn issue(data_dir: &Path, state: &str, out: &Path) -> Result<()> {
    let place = ["--data-dir", text(data_dir)];
    mariposa_ok(&[&["pki", "issue", state, "--out", text(out)], &place[..]].concat())?;
    Ok(())
}

/// A folder of a test, which goes with it. PostgreSQL may run as another user, who must get to its own folder below.
pub fn folder() -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711))?;
    Ok(folder)
}

/// A path as an argument.
#[must_use]
pub fn text(path: &Path) -> &str {
    path.to_str().expect("a readable path")
}

/// Writes `server.pem`, a certificate for 127.0.0.1 that vouches for itself, and `key.pem`.
pub fn certificate(folder: &Path) -> Result<()> {
    let mut openssl = Command::new("openssl");
    openssl
        .current_dir(folder)
        .args(["req", "-x509", "-nodes", "-newkey", "ec"])
        .args(["-pkeyopt", "ec_paramgen_curve:P-256"])
        .args(["-keyout", "key.pem", "-out", "server.pem"])
        .args(["-days", "2", "-subj", "/CN=server"])
        .args(["-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    let made = openssl.output()?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Ok(())
}

/// A server in Python, and the lines that it writes. Dropped, it is killed.
#[derive(Debug)]
pub struct Python {
    process: Child,
    lines: mpsc::Receiver<String>,
}

impl Python {
    /// Runs a program of Python: `python3`, or that of `target/tools`, which has the packages that tests need.
    pub fn start(command: &mut Command) -> Result<Self> {
        let mut process = command
            .stdout(Stdio::piped())
            .spawn()
            .context("python3 is needed; deploy/setup test installs it")?;
        let out = BufReader::new(process.stdout.take().context("a pipe")?).lines();
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in out.map_while(std::io::Result::ok) {
                let _ = send.send(line);
            }
        });
        Ok(Self { process, lines })
    }

    /// Its next line, within a minute.
    pub fn line(&self) -> Result<String> {
        Ok(self.lines.recv_timeout(Duration::from_mins(1))?)
    }

    /// A line that is there already.
    pub fn waiting(&self) -> Option<String> {
        self.lines.try_recv().ok()
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Asks the private database of a running hub with `psql`; rows are lines, columns are split by `|`.
pub fn psql(data_dir: &Path, sql: &str) -> Result<String> {
    let cluster = data_dir.join("postgres");
    let process = std::fs::read_to_string(cluster.join("pgdata/postmaster.pid"))
        .context("the hub's own PostgreSQL does not run")?;
    let mut lines = process.lines().skip(3);
    let port = lines.next().context("a line with the port")?;
    let socket = lines.next().context("a line with the socket's folder")?;
    let output = Command::new("psql")
        .args([
            "--no-psqlrc",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
        ])
        .args([
            "--username=mariposa",
            "--dbname=mariposa",
            "--port",
            port,
            "--host",
            socket,
            "--command",
            sql,
        ])
        .env(
            "PGPASSWORD",
            std::fs::read_to_string(cluster.join("password"))?.trim(),
        )
        .output()
        .context("psql could not be started")?;
    if !output.status.success() {
        bail!("psql: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Asks again and again until there is an answer, for two minutes at most.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let end = Instant::now() + Duration::from_mins(2);
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if Instant::now() > end {
            bail!("{what} did not happen within two minutes");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
