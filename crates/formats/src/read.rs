//! The two questions about an upload: what is it, and what is in it.

use std::path::Path;

use crate::archive::Upload;
use crate::header::Header;
use crate::options::Options;
use crate::outcome::{Handler, Summary};
use crate::refusal::{Refusal, RefusalCode};
use crate::{profile, xml};

/// What an upload says of itself. The first bytes of native XML are enough, so that a file of another state can be
/// refused before a receipt is given.
pub fn sniff(path: &Path, options: &Options<'_>) -> Result<Header, Refusal> {
    let name = file_name(path, options);
    let mut upload = Upload::open(path, &name, options.limits)?;
    match options.profile {
        Some(described) => profile::header(described, options, &name, &mut upload),
        None => {
            only_file(&upload)?;
            upload.read(0, |source| xml::sniff(source, options))
        }
    }
}

/// Reads an upload from disk: native XML (plain, gzip, zstd, or alone in a zip), or the files that a profile describes
/// (in a zip or a folder, or one file). The handler gets each thing as it is read.
///
/// A refusal can come after students have been handed over, since a stream shows its end last: the caller applies
/// nothing before the `Ok`.
pub fn read(path: &Path, options: &Options<'_>, handler: &mut dyn Handler) -> Result<Summary, Refusal> {
    let name = file_name(path, options);
    let mut upload = Upload::open(path, &name, options.limits)?;
    let (header, rows) = match options.profile {
        Some(described) => {
            let header = profile::header(described, options, &name, &mut upload)?;
            profile::read(described, header, &mut upload, options.limits, handler)?
        }
        None => {
            only_file(&upload)?;
            upload.read(0, |source| xml::read(source, options, handler))?
        }
    };
    Ok(Summary {
        header,
        rows,
        sha256: upload.hash(),
        bytes: upload.bytes(),
    })
}

/// SHA-256 of the decompressed content, as in [`Summary::sha256`] when every file of the upload is read: what makes the
/// same upload known again before any of it is judged. Compression and the order in an archive do not matter.
pub fn digest(path: &Path, options: &Options<'_>) -> Result<[u8; 32], Refusal> {
    let mut upload = Upload::open(path, &file_name(path, options), options.limits)?;
    for index in 0..upload.names().len() {
        upload.read(index, |source| {
            let mut buffer = vec![0; 64 * 1024];
            while source.fill(&mut buffer)? > 0 {}
            Ok(())
        })?;
    }
    Ok(upload.hash())
}

/// Whether an upload is one file without compression, so that the SHA-256 of its bytes as sent is its [`digest`].
pub fn is_plain(path: &Path, options: &Options<'_>) -> Result<bool, Refusal> {
    Ok(Upload::open(path, &file_name(path, options), options.limits)?.is_plain())
}

fn file_name(path: &Path, options: &Options<'_>) -> String {
    match options.file_name {
        Some(name) => name.to_owned(),
        None => path
            .file_name()
            .map_or_else(String::new, |n| n.to_string_lossy().into_owned()),
    }
}

fn only_file(upload: &Upload) -> Result<(), Refusal> {
    match upload.names() {
        [_] => Ok(()),
        names => Err(Refusal::new(
            RefusalCode::UnknownFormat,
            format!("The upload has {} files and no profile is named.", names.len()),
        )),
    }
}
