//! The schools, summer projects and project offices of a state: the same whatever the size of the nation.

use mde::code::Grade;
use mde::{Draft, Facility, FacilityDraft, Text};
use rand::RngExt;

use crate::places::State;
use crate::random::{Purpose, one, stream};

/// What a facility is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Site {
    HighSchool,
    MiddleSchool,
    Elementary,
    SecondElementary,
    SummerProject,
    Office,
}

impl Site {
    const ALL: [Self; 6] = [
        Self::HighSchool,
        Self::MiddleSchool,
        Self::Elementary,
        Self::SecondElementary,
        Self::SummerProject,
        Self::Office,
    ];

    fn number(self) -> u32 {
        match self {
            Self::HighSchool => 1,
            Self::MiddleSchool => 41,
            Self::Elementary => 101,
            Self::SecondElementary => 102,
            Self::SummerProject => 901,
            Self::Office => 999,
        }
    }

    /// The school of a grade; families live near one of the two elementary schools.
    pub(crate) fn of_grade(grade: Grade, second: bool) -> Self {
        match grade {
            Grade::G9 | Grade::G10 | Grade::G11 | Grade::G12 => Self::HighSchool,
            Grade::G6 | Grade::G7 | Grade::G8 => Self::MiddleSchool,
            _ if second => Self::SecondElementary,
            _ => Self::Elementary,
        }
    }
}

/// The state's code of a facility: district and site.
pub(crate) fn code(state: State, town: usize, site: Site) -> String {
    format!("{:02}{:02}{:03}", state.number, town + 1, site.number())
}

/// All facilities of a state.
pub(crate) fn of_state(seed: u64, state: State) -> Vec<Facility> {
    let sites = |town| Site::ALL.into_iter().map(move |site| (town, site));
    (0..state.town_count())
        .flat_map(sites)
        .filter_map(|(town, site)| facility(seed, state, town, site))
        .collect()
}

fn facility(seed: u64, state: State, town: usize, site: Site) -> Option<Facility> {
    const NAMES: [&str; 12] = [
        "Mesquite",
        "Foothill",
        "Palo Verde",
        "Las Palmas",
        "Lakeview",
        "Pioneer",
        "Maple Lane",
        "Horizon",
        "Harbor",
        "Bluebonnet",
        "Rio Vista",
        "Liberty",
    ];
    const STREETS: [&str; 8] = [
        "Main St",
        "Elm Ave",
        "School Dr",
        "Orchard Ln",
        "County Rd 12",
        "Mission Rd",
        "N Cesar Chavez Blvd",
        "E 3rd Ave",
    ];
    let place = state.town(town);
    let rng = &mut stream(
        seed,
        Purpose::Facilities,
        [state.number, town as u64, u64::from(site.number())],
    );
    let city = place.city;
    let chosen = one(rng, &NAMES);
    let name = match site {
        Site::HighSchool => format!("{city} High School"),
        Site::MiddleSchool => format!("{chosen} Middle School"),
        Site::Elementary | Site::SecondElementary => format!("{chosen} Elementary School"),
        Site::SummerProject => format!("{city} Migrant Summer Academy"),
        Site::Office => format!("{city} Migrant Education Office"),
    };
    let street = format!("{} {}", rng.random_range(100..5000), one(rng, &STREETS));
    let zip = format!("{}{:02}", state.habits.zip, rng.random_range(1..99));
    // 555-01xx is reserved for fiction.
    let phone = format!("({}) 555-01{:02}", state.habits.area, rng.random_range(0..100));
    let nces = format!("{:02}{:05}{:05}", state.number, 10_000 + town, site.number());
    let is_school = !matches!(site, Site::SummerProject | Site::Office);
    FacilityDraft {
        code: Text::new(&code(state, town, site)).ok(),
        name: Text::new(&name).ok(),
        address1: Text::new(&street).ok(),
        city: Text::new(city).ok(),
        district: Text::new(&format!("{city} Unified School District")).ok(),
        located_in_state: Some(state.code.into()),
        zip: mde::text::Zip::new(&zip).ok(),
        phone: mde::text::Phone::new(&phone).ok(),
        nces_school_id: is_school.then(|| mde::text::NcesId::new(&nces).ok()).flatten(),
        nces_district_id: mde::text::NcesId::new(&nces[..7]).ok(),
        ..FacilityDraft::default()
    }
    .finish()
    .ok()
}
