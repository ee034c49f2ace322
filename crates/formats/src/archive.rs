//! The files of an upload, whatever they are packed in: a plain file, gzip, zstd, zip, or a folder.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use zip::ZipArchive;

use crate::options::Limits;
use crate::refusal::{Refusal, RefusalCode};
use crate::source::{Source, refusal_of};

/// Largest window that a zstd frame may ask for, as a power of two: 8 MiB.
const ZSTD_WINDOW_LOG: u32 = 23;

/// The files of an upload. Nothing is ever unpacked to disk under a name of the archive.
pub(crate) struct Upload {
    packed: Packed,
    names: Vec<String>,
    limits: Limits,
    bytes: u64,
    hashes: Vec<(String, [u8; 32])>,
}

enum Packed {
    Plain(File),
    Gzip(File),
    Zstd(File),
    Zip(Box<ZipArchive<BufReader<File>>>, Vec<usize>),
    Folder(Vec<PathBuf>),
}

impl Upload {
    /// Several files as one upload; a single one as [`Upload::open`] has it.
    pub(crate) fn of(files: &[&Path], name: &str, limits: Limits) -> Result<Self, Refusal> {
        if let [one] = files {
            return Self::open(one, name, limits);
        }
        Ok(Self {
            names: files
                .iter()
                .map(|p| base_name(&p.to_string_lossy()).to_owned())
                .collect(),
            packed: Packed::Folder(files.iter().map(|p| p.to_path_buf()).collect()),
            limits,
            bytes: 0,
            hashes: Vec::new(),
        })
    }

    /// Looks at the first bytes and, in an archive, at its directory.
    pub(crate) fn open(path: &Path, name: &str, limits: Limits) -> Result<Self, Refusal> {
        let (packed, names) = if path.is_dir() {
            let files = folder(path)?;
            let names = files
                .iter()
                .map(|p| base_name(&p.to_string_lossy()).to_owned())
                .collect();
            (Packed::Folder(files), names)
        } else {
            let (file, magic) = open(path)?;
            match magic {
                [0x1f, 0x8b, ..] => (Packed::Gzip(file), vec![unpacked_name(name)]),
                [0x28, 0xb5, 0x2f, 0xfd] => (Packed::Zstd(file), vec![unpacked_name(name)]),
                [b'P', b'K', 3 | 5, 4 | 6] => zip(file, limits)?,
                _ => (Packed::Plain(file), vec![name.to_owned()]),
            }
        };
        if names.len() > limits.files {
            return Err(too_many_files(names.len(), limits));
        }
        Ok(Self {
            packed,
            names,
            limits,
            bytes: 0,
            hashes: Vec::new(),
        })
    }

    /// Names of the files, without folders, in the order of the archive.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether it is a set of files, and not one file with or without compression.
    pub(crate) fn is_set(&self) -> bool {
        matches!(self.packed, Packed::Zip(..) | Packed::Folder(_))
    }

    /// Whether it is one file without compression.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.packed, Packed::Plain(_))
    }

    /// Decompressed bytes that the packing claims; only a hint.
    pub(crate) fn claimed_bytes(&mut self) -> u64 {
        let of = |file: &File| file.metadata().map_or(0, |m| m.len());
        match &mut self.packed {
            Packed::Plain(file) => of(file),
            // Text shrinks to about a tenth.
            Packed::Gzip(file) | Packed::Zstd(file) => of(file).saturating_mul(10),
            Packed::Zip(zip, entries) => entries
                .iter()
                .filter_map(|i| zip.by_index_raw(*i).ok().map(|f| f.size()))
                .fold(0, u64::saturating_add),
            Packed::Folder(files) => files
                .iter()
                .filter_map(|p| p.metadata().ok())
                .map(|m| m.len())
                .sum(),
        }
    }

    /// Reads one file from its start to wherever `read` stops.
    pub(crate) fn read<T>(
        &mut self,
        index: usize,
        read: impl FnOnce(&mut Source<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let limit = self.limits.decompressed_bytes.saturating_sub(self.bytes);
        let mut decoded = self.decoded(index)?;
        let mut source = Source::new(&mut *decoded, limit);
        let result = read(&mut source)?;
        let (bytes, hash) = (source.bytes(), source.into_hash());
        drop(decoded);
        self.bytes += bytes;
        self.hashes.push((self.names[index].clone(), hash));
        Ok(result)
    }

    /// Looks at the start of a file that will be read later; it counts for nothing.
    pub(crate) fn peek<T>(
        &mut self,
        index: usize,
        look: impl FnOnce(&mut Source<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let limit = self.limits.decompressed_bytes;
        look(&mut Source::new(&mut *self.decoded(index)?, limit))
    }

    fn decoded(&mut self, index: usize) -> Result<Box<dyn Read + '_>, Refusal> {
        Ok(match &mut self.packed {
            Packed::Plain(file) => Box::new(rewound(file)?),
            Packed::Gzip(file) => Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(rewound(file)?))),
            Packed::Zstd(file) => {
                let mut decoder =
                    zstd::stream::read::Decoder::new(rewound(file)?).map_err(|e| refusal_of(&e))?;
                decoder
                    .window_log_max(ZSTD_WINDOW_LOG)
                    .map_err(|e| refusal_of(&e))?;
                Box::new(decoder)
            }
            Packed::Zip(zip, entries) => Box::new(zip.by_index(entries[index]).map_err(|e| bad_zip(&e))?),
            Packed::Folder(files) => Box::new(File::open(&files[index]).map_err(|e| refusal_of(&e))?),
        })
    }

    /// Decompressed bytes read.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// SHA-256 of the content: of the one file, or of the sorted list of names and hashes.
    pub(crate) fn hash(&self) -> [u8; 32] {
        if let (false, [(_, only)]) = (self.is_set(), self.hashes.as_slice()) {
            return *only;
        }
        let mut sorted: Vec<_> = self.hashes.iter().collect();
        sorted.sort();
        let mut hash = Sha256::new();
        for (name, content) in sorted {
            hash.update((name.len() as u64).to_be_bytes());
            hash.update(name);
            hash.update(content);
        }
        hash.finalize().into()
    }
}

fn open(path: &Path) -> Result<(File, [u8; 4]), Refusal> {
    let mut file = File::open(path).map_err(|e| refusal_of(&e))?;
    let mut magic = Vec::with_capacity(4);
    (&mut file)
        .take(4)
        .read_to_end(&mut magic)
        .map_err(|e| refusal_of(&e))?;
    magic.resize(4, 0);
    Ok((file, [magic[0], magic[1], magic[2], magic[3]]))
}

fn rewound(file: &mut File) -> Result<&mut File, Refusal> {
    file.rewind().map_err(|e| refusal_of(&e))?;
    Ok(file)
}

fn zip(file: File, limits: Limits) -> Result<(Packed, Vec<String>), Refusal> {
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|e| bad_zip(&e))?;
    if archive.len() > limits.files {
        return Err(too_many_files(archive.len(), limits));
    }
    let mut entries = Vec::new();
    let mut names = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|e| bad_zip(&e))?;
        let path = String::from_utf8_lossy(entry.name_raw()).into_owned();
        if entry.is_dir() || is_clutter(&path) {
            continue;
        }
        if entry.encrypted() {
            return Err(Refusal::new(RefusalCode::BadArchive, "The archive is encrypted.").in_file(&path));
        }
        entries.push(index);
        names.push(base_name(&path).to_owned());
    }
    Ok((Packed::Zip(Box::new(archive), entries), names))
}

fn folder(path: &Path) -> Result<Vec<PathBuf>, Refusal> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(|e| refusal_of(&e))? {
        let path = entry.map_err(|e| refusal_of(&e))?.path();
        if path.is_file() && !is_clutter(&path.to_string_lossy()) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// What desktops add to folders and archives on their own.
fn is_clutter(path: &str) -> bool {
    path.starts_with("__MACOSX") || base_name(path).starts_with('.') || base_name(path) == "Thumbs.db"
}

fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn unpacked_name(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let end = [".gz", ".zst"]
        .iter()
        .find(|e| lower.ends_with(*e))
        .map_or(0, |e| e.len());
    name[..name.len() - end].to_owned()
}

fn too_many_files(found: usize, limits: Limits) -> Refusal {
    Refusal::new(
        RefusalCode::TooManyFiles,
        format!(
            "The upload has {found} files, at most {} are allowed.",
            limits.files
        ),
    )
}

fn bad_zip(error: &zip::result::ZipError) -> Refusal {
    Refusal::new(
        RefusalCode::BadArchive,
        format!("The zip archive cannot be read: {error}."),
    )
}
