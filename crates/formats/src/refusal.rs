//! Why a whole file is refused. Nothing of a refused file is applied.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! refusal_codes {
    ($($variant:ident: $code:literal, $title:literal, $fix:literal;)+) => {
        /// Why a whole file is refused. The codes are stable: states' programs may act on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum RefusalCode {
            $(#[doc = $title] #[serde(rename = $code)] $variant,)+
        }

        impl RefusalCode {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable code, such as `doctype`.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// What it is, in a few words.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// What to do about it.
            #[must_use]
            pub fn fix(self) -> &'static str {
                match self { $(Self::$variant => $fix,)+ }
            }
        }
    };
}

refusal_codes! {
    UnknownFormat: "unknown-format", "the file is neither native XML nor described by a profile", "Send XML of the namespace urn:mariposa:upload:1, or name the mapping profile that describes the files.";
    WrongEncoding: "wrong-encoding", "the file is not UTF-8", "Write the file as UTF-8 and declare no other encoding.";
    Doctype: "doctype", "the file has a document type declaration", "Remove the DOCTYPE; it is never needed and never read.";
    Entity: "entity", "the file uses an entity that XML does not predefine", "Write the character itself, or one of &lt; &gt; &amp; &apos; &quot; or a numeric reference.";
    ProcessingInstruction: "processing-instruction", "the file has a processing instruction", "Remove it; only the XML declaration on the first line is allowed.";
    NotWellFormed: "not-well-formed", "the file is not well-formed XML", "Write the file with an XML library instead of by hand, and send it again.";
    Truncated: "truncated", "the file ends too early", "Check that the export finished and that the transfer was complete, and send the file again.";
    WrongRoot: "wrong-root", "the root element is not an upload", "Start with <MariposaUpload xmlns=\"urn:mariposa:upload:1\" codeSet=\"2022\">, without prefixes.";
    MixedCodeSets: "mixed-code-sets", "the file names a code set twice", "One file uses one version of the code sets; name it once, on the root element.";
    Header: "header", "the header is missing or wrong", "Send SubmittingState, AsOf and, if used, the window and the totals as the XSD says, before the students.";
    WrongState: "wrong-state", "the file is of another state than the one that sends it", "Send the file with the certificate of its state, or correct the state in the file.";
    WrongKind: "wrong-kind", "the file says another kind than the call", "Name the same kind, full or delta, in the call and in the header.";
    NoState: "no-state", "nothing says which state the file is of", "Name the state in the call, or in the profile.";
    NoKind: "no-kind", "nothing says whether the upload is full or delta", "Name the kind in the call, in the header, or in the profile.";
    NoAsOf: "no-as-of", "nothing says which instant the content speaks of", "Name as_of in the call, or send the file under a name that the profile's pattern reads.";
    TooLarge: "too-large", "the decompressed content is larger than allowed", "Split the upload, or ask the hub's administrator for a higher limit.";
    TooManyStudents: "too-many-students", "the upload holds more students than allowed", "Split the upload, or ask the hub's administrator for a higher limit.";
    TooManyFiles: "too-many-files", "the archive holds more files than allowed", "Send only the files that the profile names.";
    TooDeep: "too-deep", "elements are nested too deeply", "Nest elements as the XSD says.";
    TooManyAttributes: "too-many-attributes", "an element has too many attributes", "Write elements as the XSD says; only the root and Student have attributes.";
    TextTooLong: "text-too-long", "a text is longer than 64 KiB", "No data element is that long; an end tag or a quote is probably missing.";
    RecordTooLarge: "record-too-large", "a record is larger than 1 MiB", "No student is that large; an end tag is probably missing.";
    BadArchive: "bad-archive", "the archive cannot be unpacked", "Make the archive again with plain zip (deflate), gzip or zstd (window up to 8 MiB), without encryption.";
    MissingFile: "missing-file", "a required file is not in the upload", "Send all files that the profile requires; a file without rows still has its header.";
    DuplicateFile: "duplicate-file", "two files of the upload match the same description", "Send each file once.";
    WrongLayout: "wrong-layout", "a file does not have the layout that the profile describes", "Send the columns that the profile names, or change the profile.";
    Unreadable: "unreadable", "the file could not be read from disk", "Try again; if it happens again, ask the administrator to look at the disk.";
    Accounting: "accounting", "the rows do not add up", "This is a fault of the program: report it with the message. Nothing of the file was applied.";
    Stopped: "stopped", "the receiver stopped the reading", "Send the file again.";
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A file that is refused as a whole: nothing of it is applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}{message}", place(self))]
pub struct Refusal {
    /// Why.
    pub code: RefusalCode,
    /// Line in the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u64>,
    /// The file in an upload of several.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub file: Option<String>,
    /// What is wrong, as a sentence.
    pub message: String,
    /// What to do, as a sentence.
    pub fix: String,
}

impl Refusal {
    /// A refusal with the code's usual fix.
    #[must_use]
    pub fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        Self {
            code,
            line: None,
            file: None,
            message: message.into(),
            fix: code.fix().to_owned(),
        }
    }

    /// With the line, from 1, unless it has one.
    #[must_use]
    pub fn at_line(mut self, line: u64) -> Self {
        self.line.get_or_insert(line);
        self
    }

    /// With the file of an upload of several, unless it has one.
    #[must_use]
    pub fn in_file(mut self, file: &str) -> Self {
        self.file.get_or_insert_with(|| file.to_owned());
        self
    }
}

fn place(refusal: &Refusal) -> String {
    match (&refusal.file, refusal.line) {
        (Some(file), Some(line)) => format!("{file}, line {line}: "),
        (Some(file), None) => format!("{file}: "),
        (None, Some(line)) => format!("line {line}: "),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_name_themselves() {
        let codes: std::collections::BTreeSet<_> = RefusalCode::ALL.iter().map(|c| c.code()).collect();
        assert_eq!(codes.len(), RefusalCode::ALL.len());
        for code in RefusalCode::ALL {
            assert_eq!(serde_json::to_string(code).unwrap(), format!("\"{code}\""));
            assert!(code.fix().ends_with('.') || code.fix().ends_with('>'));
        }
    }

    #[test]
    fn says_where() {
        let refusal = Refusal::new(RefusalCode::Doctype, "No.")
            .at_line(3)
            .in_file("a.xml");
        assert_eq!(refusal.to_string(), "a.xml, line 3: No.");
    }
}
