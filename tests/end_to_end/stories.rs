//! The demo tells its story and each of its checks holds.

use std::path::PathBuf;

use anyhow::Result;
use end_to_end::{folder, mariposa, mariposa_ok, text};

#[test]
fn the_demo_of_a_made_up_nation() -> Result<()> {
    let folder = folder()?;
    let data = folder.path().join("demo");
    let told = mariposa_ok(&[
        "demo",
        "--once",
        "--students",
        "400",
        "--data-dir",
        text(&data),
        "--exchange-port",
        "0",
        "--portal-port",
        "0",
    ])?;
    assert!(
        told.contains("precision") && told.contains("answers") && !told.contains("FAIL"),
        "{told}"
    );
    let exported = mariposa_ok(&["export", "links", "--data-dir", text(&data), "--out", "-"])?;
    assert!(exported.lines().count() > 400, "every student is in the export");

    let own = folder.path().join("own");
    std::fs::create_dir(&own)?;
    std::fs::write(own.join("precious.txt"), "not a demo's")?;
    let refused = mariposa(&["demo", "--once", "--data-dir", text(&own)])?;
    assert!(
        !refused.status.success(),
        "a folder that no demo made is not emptied"
    );
    assert!(own.join("precious.txt").exists());
    Ok(())
}

/// Runs only where `MARIPOSA_SAMPLES` names a folder of sample exports, `STATE/DATE/files`.
#[test]
fn the_demo_of_sample_exports() -> Result<()> {
    let Some(samples) = std::env::var_os("MARIPOSA_SAMPLES").map(PathBuf::from) else {
        return Ok(());
    };
    let folder = folder()?;
    let data = folder.path().join("demo");
    let told = mariposa_ok(&[
        "demo",
        "--once",
        "--samples",
        text(&samples),
        "--data-dir",
        text(&data),
        "--exchange-port",
        "0",
        "--portal-port",
        "0",
    ])?;
    assert!(!told.contains("FAIL"), "{told}");
    Ok(())
}

#[test]
fn a_made_up_nation_is_linked_well() -> Result<()> {
    let folder = folder()?;
    let nation = folder.path().join("nation");
    mariposa_ok(&[
        "simulate",
        "--students",
        "3000",
        "--nights",
        "1",
        "--out",
        text(&nation),
    ])?;
    let told = mariposa_ok(&["link", "evaluate", text(&nation)])?;
    let figure = |name: &str| -> f64 {
        told.lines()
            .find(|l| l.starts_with(name))
            .and_then(|l| l.split_whitespace().last())
            .and_then(|n| n.parse().ok())
            .unwrap_or(0.0)
    };
    assert!(figure("precision") >= 0.995, "{told}");
    assert!(figure("recall") >= 0.70, "{told}");
    Ok(())
}
