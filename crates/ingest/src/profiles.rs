//! The mapping profiles that this hub knows.

use std::path::Path;

use formats::Profile;

/// The shipped profiles and those of a folder, which take the place of shipped ones of the same name.
#[derive(Debug, Clone)]
pub struct Profiles(Vec<Profile>);

impl Profiles {
    /// The shipped ones.
    #[must_use]
    pub fn shipped() -> Self {
        Self(formats::profile::shipped())
    }

    /// The shipped ones and every `*.toml` of a folder. A file that is no profile is an error that says where.
    pub fn with_folder(folder: &Path) -> Result<Self, String> {
        let mut all = Self::shipped();
        let entries =
            std::fs::read_dir(folder).map_err(|e| format!("failed to read {}: {e}", folder.display()))?;
        for entry in entries {
            let path = entry.map_err(|e| e.to_string())?.path();
            if path.extension().is_some_and(|e| e == "toml") {
                let text = std::fs::read_to_string(&path)
                    .map_err(|e| format!("failed to read {}: {e}", path.display()))?;
                let profile = Profile::parse(&text).map_err(|e| format!("{}: {e}", path.display()))?;
                all.0.retain(|known| known.name != profile.name);
                all.0.push(profile);
            }
        }
        Ok(all)
    }

    /// The profile of a name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Profile> {
        self.0.iter().find(|profile| profile.name == name)
    }

    /// The profile of a label (name and version), as batches keep it.
    #[must_use]
    pub fn labelled(&self, label: &str) -> Option<&Profile> {
        self.0.iter().find(|profile| profile.label() == label)
    }

    /// All profiles.
    pub fn all(&self) -> impl Iterator<Item = &Profile> {
        self.0.iter()
    }

    /// Names of all profiles.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|profile| profile.name.as_str())
    }
}
