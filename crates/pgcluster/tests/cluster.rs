//! A real PostgreSQL, started, stopped, killed and refused.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use pgcluster::{Cluster, Connection, Error, Options, discard, find_installation};
use tempfile::TempDir;

/// A folder that PostgreSQL's user can pass.
fn place() -> TempDir {
    let place = tempfile::tempdir().expect("a folder");
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).expect("its mode");
    place
}

fn options(place: &TempDir, durable: bool) -> Options {
    Options {
        durable,
        ..Options::new(place.path().join("db"))
    }
}

/// Runs SQL through `psql`; the error is what it printed.
fn sql(connection: &Connection, text: &str) -> Result<String, String> {
    let psql = find_installation()
        .expect("PostgreSQL is installed")
        .program("psql");
    let mut command = Command::new(psql);
    command.args([
        "-XAtq",
        "-v",
        "ON_ERROR_STOP=1",
        "-d",
        &connection.url("postgres"),
        "-c",
        text,
    ]);
    let output = command.output().expect("psql runs");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !condition() {
        assert!(Instant::now() < deadline, "waited a minute until {what}");
        sleep(Duration::from_millis(20));
    }
}

fn pid(number: u32) -> Pid {
    Pid::from_raw(number.cast_signed())
}

#[test]
fn data_outlive_a_stop_and_the_server_does_not() {
    let place = place();
    let options = options(&place, true);
    let cluster = Cluster::start(&options).expect("a first start");
    let server = pid(cluster.pid().expect("it runs"));
    sql(
        cluster.connection(),
        "create table kept (n int); insert into kept values (42)",
    )
    .expect("a table");
    assert_eq!(sql(cluster.connection(), "show fsync").as_deref(), Ok("on"));
    assert_eq!(
        sql(cluster.connection(), "show server_encoding").as_deref(),
        Ok("UTF8")
    );
    assert_eq!(
        sql(cluster.connection(), "show listen_addresses").as_deref(),
        Ok("")
    );
    let beside = Connection::of_running(&options.data_dir).expect("another command finds it");
    assert_eq!(beside.url("x"), cluster.connection_url("x"));
    cluster.stop().expect("a stop");
    assert!(kill(server, None).is_err(), "the server has ended");
    assert!(matches!(
        Connection::of_running(&options.data_dir),
        Err(Error::NotRunning { .. })
    ));

    let cluster = Cluster::start(&options).expect("a second start");
    assert_eq!(
        sql(cluster.connection(), "select n from kept").as_deref(),
        Ok("42")
    );
    let conninfo = cluster.connection().conninfo("postgres");
    let psql = cluster.installation().program("psql");
    let output = Command::new(psql)
        .args(["-XAtq", "-d", &conninfo, "-c", "select 1"])
        .output()
        .expect("psql runs");
    assert_eq!(output.stdout, b"1\n");
}

#[test]
fn nobody_else_gets_in() {
    let place = place();
    let options = options(&place, false);
    let cluster = Cluster::start(&options).expect("a start");
    let mode = |path: &Path| fs::metadata(path).expect("it exists").mode() & 0o777;
    let root = cluster.data_dir();
    assert_eq!(mode(&root.join("password")), 0o600);
    assert_eq!(mode(cluster.connection().socket_dir()), 0o700);
    assert_eq!(mode(&root.join("pgdata")), 0o700);
    let password = fs::read_to_string(root.join("password")).expect("a password");
    assert_eq!(password.trim().len(), 48);
    let wrong = cluster
        .connection_url("postgres")
        .replace(password.trim(), "wrong");
    let psql = cluster.installation().program("psql");
    let output = Command::new(psql)
        .args(["-XAtq", "-w", "-d", &wrong, "-c", "select 1"])
        .output();
    let refusal = String::from_utf8_lossy(&output.expect("psql runs").stderr).into_owned();
    assert!(refusal.contains("password authentication failed"), "{refusal}");
    if geteuid().is_root() {
        assert_ne!(
            fs::metadata(root.join("pgdata")).expect("it exists").uid(),
            0,
            "not run as root"
        );
        assert_eq!(
            fs::metadata(root).expect("it exists").uid(),
            0,
            "the folder stays root's"
        );
    }
}

#[test]
fn a_killed_server_comes_back_with_its_data() {
    let place = place();
    let cluster = Cluster::start(&options(&place, true)).expect("a start");
    sql(cluster.connection(), "create table kept as select 7 n").expect("a table");
    let first = cluster.pid().expect("it runs");
    kill(pid(first), Signal::SIGKILL).expect("killed");
    wait_until("it runs again", || cluster.pid().is_some_and(|now| now != first));
    assert_eq!(
        sql(cluster.connection(), "select n from kept").as_deref(),
        Ok("7")
    );
    cluster.stop().expect("a clean stop after all that");
}

/// The other process of the next test: a hub that runs a cluster until it is killed.
#[test]
#[ignore = "run by a_killed_hub_leaves_a_cluster_that_starts"]
fn hold_a_cluster() {
    let Some(data_dir) = std::env::var_os("PGCLUSTER_TEST_DATA_DIR") else {
        return;
    };
    let _cluster = Cluster::start(&Options::new(data_dir)).expect("a start");
    sleep(Duration::from_mins(2));
}

#[test]
fn a_killed_hub_leaves_a_cluster_that_starts() {
    let place = place();
    let options = options(&place, true);
    let mut hub = Command::new(std::env::current_exe().expect("this test"))
        .args(["--ignored", "--exact", "hold_a_cluster"])
        .env("PGCLUSTER_TEST_DATA_DIR", &options.data_dir)
        .stdout(Stdio::null())
        .spawn()
        .expect("the other hub");
    wait_until("the other hub serves", || {
        Connection::of_running(&options.data_dir).is_ok()
    });
    let theirs = Connection::of_running(&options.data_dir).expect("it serves");
    sql(&theirs, "create table kept as select 9 n").expect("a table");

    match Cluster::start(&options) {
        Err(Error::InUse { holder, .. }) => assert_eq!(holder, hub.id().to_string()),
        other => panic!("a second hub is refused, not {other:?}"),
    }
    assert!(matches!(discard(&options.data_dir), Err(Error::Durable { .. })));

    hub.kill().expect("killed with SIGKILL");
    hub.wait().expect("reaped");
    // At once: its server is still on its way down.
    let cluster = Cluster::start(&options).expect("a start after the kill");
    assert_eq!(
        sql(cluster.connection(), "select n from kept").as_deref(),
        Ok("9")
    );
}

#[test]
fn stale_files_of_a_crash_are_no_obstacle() {
    let place = place();
    let options = options(&place, false);
    Cluster::start(&options).expect("a start").stop().expect("a stop");
    // What a crash of the machine leaves, with the process id given to someone else since (this test).
    let pgdata = options.data_dir.join("pgdata");
    let stale = format!("{}\n{}\n1700000000\n5432\n", std::process::id(), pgdata.display());
    fs::write(pgdata.join("postmaster.pid"), stale).expect("a stale pid file");
    // What an initdb that was killed leaves.
    fs::create_dir(options.data_dir.join("unfinished-x1")).expect("a folder");
    fs::write(options.data_dir.join("unfinished-x1/PG_VERSION"), "15\n").expect("a file");
    fs::write(options.data_dir.join("unfinished-x2"), "half a password").expect("a file");
    let cluster = Cluster::start(&options).expect("a start over stale files");
    assert_eq!(sql(cluster.connection(), "select 1").as_deref(), Ok("1"));
    assert!(
        !options.data_dir.join("unfinished-x1").exists() && !options.data_dir.join("unfinished-x2").exists()
    );
}

#[test]
fn an_interrupted_initdb_is_made_good() {
    let place = place();
    let options = options(&place, false);
    let data_dir = &options.data_dir;
    let mut hub = Command::new(std::env::current_exe().expect("this test"))
        .args(["--ignored", "--exact", "hold_a_cluster"])
        .env("PGCLUSTER_TEST_DATA_DIR", data_dir)
        .stdout(Stdio::null())
        .spawn()
        .expect("the other hub");
    let unfinished = || {
        let entries = fs::read_dir(data_dir).into_iter().flatten().flatten();
        entries
            .map(|e| e.path())
            .find(|path| path.join("PG_VERSION").exists() && !path.ends_with("pgdata"))
    };
    wait_until("initdb is at work", || unfinished().is_some());
    hub.kill().expect("killed with SIGKILL");
    hub.wait().expect("reaped");
    assert!(!data_dir.join("pgdata").exists(), "killed before initdb was done");
    let cluster = Cluster::start(&options).expect("a start from the beginning");
    assert_eq!(sql(cluster.connection(), "select 1").as_deref(), Ok("1"));
    assert_eq!(unfinished(), None);
}

#[test]
fn another_major_version_is_refused_by_name() {
    let place = place();
    let options = options(&place, false);
    let ours = find_installation()
        .expect("PostgreSQL is installed")
        .version()
        .to_owned();
    Cluster::start(&options).expect("a start").stop().expect("a stop");
    fs::write(options.data_dir.join("pgdata/PG_VERSION"), "9\n").expect("another version");
    let refusal = Cluster::start(&options).expect_err("refused").to_string();
    assert!(refusal.contains("was made by PostgreSQL 9,"), "{refusal}");
    assert!(
        refusal.contains(&ours) && refusal.contains("pg_upgrade"),
        "{refusal}"
    );
}

#[test]
fn a_folder_with_other_content_is_left_alone() {
    let place = place();
    let options = options(&place, true);
    fs::create_dir(&options.data_dir).expect("a folder");
    fs::write(options.data_dir.join("thesis.txt"), "my only copy").expect("a file");
    assert!(matches!(Cluster::start(&options), Err(Error::Foreign { .. })));
    assert_eq!(fs::read_dir(&options.data_dir).expect("the folder").count(), 1);
}

#[test]
fn a_folder_out_of_reach_is_named() {
    if !geteuid().is_root() {
        return; // Only root drops to a user who may be locked out.
    }
    let place = place();
    let locked = place.path().join("locked");
    fs::create_dir_all(locked.join("a")).expect("folders");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o700)).expect("its mode");
    let refusal = Cluster::start(&Options::new(locked.join("a/db"))).expect_err("refused");
    match refusal {
        Error::Unreachable { folder, .. } => assert_eq!(folder, locked),
        other => panic!("{other}"),
    }
}

#[test]
fn clusters_with_and_without_fsync_are_kept_apart() {
    let place = place();
    let (durable, loose) = (options(&place, true), options(&place, false));
    let cluster = Cluster::start(&loose).expect("a start without fsync");
    assert_eq!(sql(cluster.connection(), "show fsync").as_deref(), Ok("off"));
    assert!(matches!(discard(&loose.data_dir), Err(Error::InUse { .. })));
    cluster.stop().expect("a stop");
    assert!(matches!(Cluster::start(&durable), Err(Error::NonDurable { .. })));
    fs::remove_file(loose.data_dir.join("non-durable")).expect("the mark");
    assert!(matches!(Cluster::start(&loose), Err(Error::Durable { .. })));
    fs::write(loose.data_dir.join("non-durable"), "").expect("the mark");
    discard(&loose.data_dir).expect("discarded");
    assert!(!loose.data_dir.exists());
}

#[test]
fn a_long_path_gets_its_socket_elsewhere() {
    let place = place();
    let long = place.path().join("d".repeat(100));
    let options = Options {
        durable: false,
        ..Options::new(&long)
    };
    let cluster = Cluster::start(&options).expect("a start");
    let socket_dir = cluster.connection().socket_dir().to_owned();
    assert!(!socket_dir.starts_with(&long), "{}", socket_dir.display());
    assert_eq!(
        fs::metadata(&socket_dir).expect("it exists").mode() & 0o777,
        0o700
    );
    let first = cluster.pid().expect("it runs");
    kill(pid(first), Signal::SIGKILL).expect("killed");
    wait_until("it runs again", || cluster.pid().is_some_and(|now| now != first));
    assert_eq!(sql(cluster.connection(), "select 1").as_deref(), Ok("1"));
    cluster.stop().expect("a stop");
    assert!(!socket_dir.exists());
}

#[test]
fn a_wrong_setting_is_reported_with_the_servers_words() {
    let place = place();
    let extra_settings = vec![("shared_buffers".to_owned(), "plenty".to_owned())];
    let options = Options {
        extra_settings,
        ..options(&place, false)
    };
    let refusal = Cluster::start(&options).expect_err("refused").to_string();
    assert!(
        refusal.contains("shared_buffers") && refusal.contains("plenty"),
        "{refusal}"
    );
    let cluster = Cluster::start(&Options {
        extra_settings: vec![],
        ..options
    })
    .expect("a start without it");
    assert_eq!(sql(cluster.connection(), "select 1").as_deref(), Ok("1"));
}

#[test]
fn no_value_of_a_row_gets_into_the_log() {
    let place = place();
    let cluster = Cluster::start(&options(&place, false)).expect("a start");
    let connection = cluster.connection();
    let make =
        "create table child (name text primary key, born date); insert into child values ('Zyxwana', null)";
    sql(connection, make).expect("a table");
    for bad in [
        "insert into child values ('Zyxwana', null)",
        "insert into child values ('Zyxwana Two', 'Zyxwana''s day')",
        "select * from child where nane = 'Zyxwana'",
        "do $$ begin raise log 'reached the log'; raise warning 'Zyxwana'; raise exception 'Zyxwana'; end $$",
        // A process that is killed: the postmaster logs what it was running.
        "select pg_terminate_backend(pg_backend_pid()), 'Zyxwana'",
    ] {
        sql(connection, bad).expect_err("an error");
    }
    let slow = "select pg_sleep(60), 'Zyxwana'";
    std::thread::scope(|scope| {
        let victim = scope.spawn(|| sql(connection, slow));
        let find = "select pid from pg_stat_activity where query like 'select pg_sleep(60)%'";
        wait_until("it runs", || {
            sql(connection, find).is_ok_and(|pid| !pid.is_empty())
        });
        let backend: i32 = sql(connection, find)
            .expect("the query")
            .parse()
            .expect("one process");
        kill(Pid::from_raw(backend), Signal::SIGKILL).expect("killed");
        victim.join().expect("joined").expect_err("its server was killed");
    });
    wait_until("it has recovered", || sql(connection, "select 1").is_ok());
    let logs = fs::read_dir(cluster.data_dir().join("log"))
        .expect("the log folder")
        .flatten();
    let mut text: String = logs
        .map(|entry| fs::read_to_string(entry.path()).expect("a log"))
        .collect();
    text += &fs::read_to_string(cluster.data_dir().join("start.log")).expect("the start log");
    assert!(
        text.contains("reached the log") && text.contains("terminated by signal 9"),
        "{text}"
    );
    assert!(!text.contains("Zyxwana"), "{text}");
}
