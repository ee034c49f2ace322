//! What is sent: one file, compressed if it is not yet; several files or a folder as one zip. The same files make the
//! same bytes, whatever their dates and owners.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::error::Error;

/// Level of zstd: its default, with a window that every hub reads.
const ZSTD_LEVEL: i32 = 3;

/// A file that is ready to be sent.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// The file on disk.
    pub path: PathBuf,
    /// Its name for the hub, which a profile's pattern may read: that of the file or folder, without compression.
    pub name: String,
    /// Bytes to send.
    pub bytes: u64,
    /// SHA-256 of the bytes to send.
    pub sha256: [u8; 32],
    source: Option<Stamp>,
}

impl Parcel {
    /// Fails if the file is sent as it lies there, and somebody has written to it since.
    pub fn unchanged(&self) -> Result<(), Error> {
        self.source.as_ref().map_or(Ok(()), Stamp::unchanged)
    }
}

/// A file as it was when it was first looked at.
#[derive(Debug, Clone)]
struct Stamp {
    path: PathBuf,
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(path: &Path) -> Result<Self, Error> {
        let metadata = fs::metadata(path).map_err(|error| Error::file(path, error))?;
        Ok(Self {
            path: path.to_owned(),
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }

    fn unchanged(&self) -> Result<(), Error> {
        match Self::of(&self.path) {
            Ok(now) if now.bytes == self.bytes && now.modified == self.modified => Ok(()),
            _ => Err(Error::Changed(self.path.clone())),
        }
    }
}

/// Packs one file, several files or a folder into one file below `into`. A single file that is compressed already is
/// sent as it lies there.
pub fn pack(paths: &[PathBuf], into: &Path) -> Result<Parcel, Error> {
    match paths {
        [] => Err(Error::Usage("name a file or a folder".into())),
        [folder] if folder.is_dir() => zip(&files_of(folder)?, &name_of(folder), into),
        [file] => single(file, into),
        files => match files.iter().find(|path| path.is_dir()) {
            Some(folder) => Err(Error::Usage(format!(
                "{} is a folder: name either one folder or files",
                folder.display()
            ))),
            None => zip(files, "upload", into),
        },
    }
}

fn single(file: &Path, into: &Path) -> Result<Parcel, Error> {
    let stamp = Stamp::of(file)?;
    let name = name_of(file);
    if is_compressed(file).map_err(|error| Error::file(file, error))? {
        let (bytes, sha256) = digest(file).map_err(|error| Error::file(file, error))?;
        return Ok(Parcel {
            path: file.to_owned(),
            name,
            bytes,
            sha256,
            source: Some(stamp),
        });
    }
    let path = into.join("content.zst");
    let write = || {
        let mut encoder = zstd::Encoder::new(BufWriter::new(File::create_new(&path)?), ZSTD_LEVEL)?;
        encoder.include_checksum(true)?;
        io::copy(&mut File::open(file)?, &mut encoder)?;
        encoder.finish()?.flush()
    };
    write().map_err(|error| Error::file(file, error))?;
    finished(path, name, &[stamp])
}

/// The files of a folder, as the hub's reader takes them: not what desktops add on their own, and no folders below.
pub(crate) fn files_of(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| Error::file(folder, error))? {
        let path = entry.map_err(|error| Error::file(folder, error))?.path();
        let name = name_of(&path);
        if path.is_file() && !name.starts_with('.') && name != "Thumbs.db" {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Error::Usage(format!("{} holds no files", folder.display())));
    }
    files.sort();
    Ok(files)
}

fn zip(files: &[PathBuf], name: &str, into: &Path) -> Result<Parcel, Error> {
    let mut named: Vec<(String, &PathBuf)> = files.iter().map(|path| (name_of(path), path)).collect();
    named.sort();
    if let Some(twice) = named.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(Error::Usage(format!("two files have the name {}", twice[0].0)));
    }
    for path in files {
        if is_compressed(path).map_err(|error| Error::file(path, error))? {
            return Err(Error::Usage(format!(
                "{} is compressed: it can only be sent alone",
                path.display()
            )));
        }
    }
    let stamps = files
        .iter()
        .map(|path| Stamp::of(path))
        .collect::<Result<Vec<_>, _>>()?;
    let path = into.join("content.zip");
    let file = File::create_new(&path).map_err(|error| Error::file(&path, error))?;
    let mut archive = ZipWriter::new(BufWriter::new(file));
    for (entry, source) in &named {
        let write = |archive: &mut ZipWriter<_>| -> io::Result<()> {
            let mut content = File::open(source)?;
            let options = SimpleFileOptions::default()
                .compression_method(CompressionMethod::Deflated)
                .last_modified_time(DateTime::default())
                .unix_permissions(0o644)
                .large_file(content.metadata()?.len() > u64::from(u32::MAX) / 2);
            archive.start_file(entry.as_str(), options)?;
            io::copy(&mut content, archive)?;
            Ok(())
        };
        write(&mut archive).map_err(|error| Error::file(*source, error))?;
    }
    let finish = || archive.finish()?.flush();
    finish().map_err(|error| Error::file(&path, error))?;
    finished(path, name.to_owned(), &stamps)
}

fn finished(path: PathBuf, name: String, stamps: &[Stamp]) -> Result<Parcel, Error> {
    stamps.iter().try_for_each(Stamp::unchanged)?;
    let (bytes, sha256) = digest(&path).map_err(|error| Error::file(&path, error))?;
    Ok(Parcel {
        path,
        name,
        bytes,
        sha256,
        source: None,
    })
}

/// Whether it is gzip, zstd or zip, by its first bytes.
pub(crate) fn is_compressed(file: &Path) -> io::Result<bool> {
    let mut start = Vec::with_capacity(4);
    File::open(file)?.take(4).read_to_end(&mut start)?;
    Ok(matches!(
        start.as_slice(),
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd] | [b'P', b'K', 3 | 5, 4 | 6]
    ))
}

fn digest(file: &Path) -> io::Result<(u64, [u8; 32])> {
    let mut reader = BufReader::with_capacity(1 << 16, File::open(file)?);
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok((bytes, hash.finalize().into())),
            count => {
                hash.update(&buffer[..count]);
                bytes += count as u64;
            }
        }
    }
}

/// The last part of a path; of `.` and the like, that of the place it stands for.
pub(crate) fn name_of(path: &Path) -> String {
    let last = path.file_name().map(ToOwned::to_owned);
    let last = last.or_else(|| path.canonicalize().ok()?.file_name().map(ToOwned::to_owned));
    last.map_or_else(|| "upload".to_owned(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("written");
        }
        folder
    }

    fn packed(paths: &[PathBuf]) -> (Parcel, Vec<u8>) {
        let into = tempfile::tempdir().expect("a folder");
        let parcel = pack(paths, into.path()).expect("packed");
        let bytes = fs::read(&parcel.path).expect("read");
        assert_eq!(parcel.bytes, bytes.len() as u64);
        assert_eq!(parcel.sha256, <[u8; 32]>::from(Sha256::digest(&bytes)));
        (parcel, bytes)
    }

    #[test]
    fn the_same_files_make_the_same_bytes() {
        let one = folder(&[("b.txt", "2|b\n"), ("a.txt", "1|a\n"), (".DS_Store", "x")]);
        let other = folder(&[("a.txt", "1|a\n"), ("b.txt", "2|b\n")]);
        let long_ago = SystemTime::now() - Duration::from_hours(24 * 400);
        File::options()
            .append(true)
            .open(other.path().join("b.txt"))
            .expect("open")
            .set_modified(long_ago)
            .expect("set");
        let whole = packed(&[one.path().to_owned()]).1;
        assert_eq!(whole, packed(&[other.path().to_owned()]).1, "dates do not matter");
        let listed = [other.path().join("b.txt"), other.path().join("a.txt")];
        assert_eq!(whole, packed(&listed).1, "neither does the order of the call");
        fs::write(other.path().join("b.txt"), "2|c\n").expect("written");
        assert_ne!(whole, packed(&listed).1, "the content does");
    }

    #[test]
    fn one_file_is_compressed_once() {
        let folder = folder(&[("night.xml", "<x>text text text text</x>")]);
        let file = folder.path().join("night.xml");
        let (parcel, bytes) = packed(std::slice::from_ref(&file));
        assert_eq!(parcel.name, "night.xml");
        assert_eq!(
            zstd::decode_all(bytes.as_slice()).expect("zstd"),
            fs::read(&file).expect("read")
        );
        let compressed = folder.path().join("night.xml.zst");
        fs::write(&compressed, &bytes).expect("written");
        let (again, same) = packed(std::slice::from_ref(&compressed));
        assert_eq!((again.path, same), (compressed, bytes));
    }

    #[test]
    fn a_file_that_changes_on_its_way_is_noticed() {
        let folder = folder(&[("night.zip", "PK\u{3}\u{4} and more")]);
        let file = folder.path().join("night.zip");
        let (parcel, _) = packed(std::slice::from_ref(&file));
        parcel.unchanged().expect("unchanged");
        fs::write(&file, "PK\u{3}\u{4} and something else").expect("written");
        assert_eq!(parcel.unchanged().expect_err("changed").exit().code(), 7);
    }

    #[test]
    fn what_cannot_be_one_upload_is_said() {
        let (one, other) = (folder(&[("a.txt", "1")]), folder(&[("a.txt", "2")]));
        let into = tempfile::tempdir().expect("a folder");
        for paths in [
            vec![],
            vec![into.path().to_owned()],
            vec![one.path().join("a.txt"), other.path().join("a.txt")],
            vec![one.path().to_owned(), other.path().join("a.txt")],
            vec![one.path().join("missing.xml")],
        ] {
            assert_eq!(
                pack(&paths, into.path()).expect_err("refused").exit().code(),
                2,
                "{paths:?}"
            );
        }
    }
}
