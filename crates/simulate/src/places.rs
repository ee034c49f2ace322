//! Where things happen: towns of the states, the circuits between them, towns of birth, and each state's own habits.

use mde::StateCode;
use rand::RngExt;

use crate::random::{Stream, one, pick};
use crate::rates;

/// A town with its state or province and country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Town {
    pub(crate) city: &'static str,
    /// Postal code, or ISO 3166-2 code without the country.
    pub(crate) province: &'static str,
    /// ISO 3166-1, two letters.
    pub(crate) country: &'static str,
}

/// What is particular to a state: its towns, and how its system and its clerks write.
#[derive(Debug)]
pub(crate) struct Habits {
    code: &'static str,
    towns: &'static [&'static str],
    /// First three digits of its ZIPs.
    pub(crate) zip: &'static str,
    /// An area code.
    pub(crate) area: &'static str,
    /// Share of its students of whom the accents are left out.
    pub(crate) accents_lost: f64,
    /// Whether its system holds capitals only.
    pub(crate) capitals: bool,
    /// Whether its system asks for multiple births.
    pub(crate) asks_multiple: bool,
    /// Whether its high schools grant credit by semester (else by the year where a year was done).
    pub(crate) semesters: bool,
    /// Letters before, and number of digits in, its student identifiers.
    pub(crate) id: (&'static str, usize),
    /// Weight as the home of families that stay in one state.
    weight: u32,
}

macro_rules! habits {
    ($($code:literal $weight:literal $zip:literal $area:literal accents lost $lost:literal, $capitals:literal $asks:literal $semesters:literal, $prefix:literal $digits:literal: $($town:literal)+;)+) => {
        &[$(Habits {
            code: $code, towns: &[$($town),+], zip: $zip, area: $area, accents_lost: $lost, capitals: $capitals,
            asks_multiple: $asks, semesters: $semesters, id: ($prefix, $digits), weight: $weight,
        }),+]
    };
}

/// Accent losses of the first eight are those seen in their exports; the others' are made up between them.
/// Flags: capitals only, asks for multiple births, credit by semester.
const HABITS: &[Habits] = habits! {
    "TX" 23 "785" "956" accents lost 0.10, false true false, "" 10: "Rio Grande City" "El Paso" "Eagle Pass" "Mission" "Crystal City" "Hereford" "Pharr" "Weslaco" "Plainview" "Laredo" "Donna" "Edinburg";
    "CA" 20 "932" "661" accents lost 0.43, false true true, "" 10: "Delano" "Fresno" "Madera" "Merced" "Oxnard" "Salinas" "Watsonville" "Yuba City" "Arvin" "Stockton" "Santa Maria" "Coachella";
    "FL" 13 "338" "863" accents lost 0.64, true true false, "FL" 12: "Immokalee" "Lake Placid" "Belle Glade" "Wauchula" "Quincy" "Plant City" "Homestead" "LaBelle" "Arcadia" "Palmetto";
    "WA" 9 "989" "509" accents lost 0.30, false true true, "" 10: "Yakima" "Sunnyside" "Wenatchee" "Pasco" "Mount Vernon" "Othello" "Toppenish" "Quincy";
    "MI" 3 "490" "269" accents lost 1.0, true false true, "" 10: "Hart" "Sparta" "Fennville" "South Haven" "Traverse City" "Hartford" "Shelby";
    "GA" 5 "317" "229" accents lost 1.0, true true false, "" 10: "Moultrie" "Valdosta" "Bainbridge" "Tifton" "Vidalia" "Gainesville" "Dalton";
    "OR" 5 "970" "503" accents lost 0.35, false false true, "" 9: "Woodburn" "Hood River" "Hermiston" "Salem" "Medford" "Ontario";
    "NC" 5 "283" "910" accents lost 0.55, false true false, "" 10: "Clinton" "Newton Grove" "Snow Hill" "Lumberton" "Hendersonville" "Wilson";
    "KY" 4 "422" "270" accents lost 0.62, true false false, "" 10: "Lexington" "Owensboro" "Mayfield" "Shelbyville" "Bowling Green" "Cynthiana";
    "WI" 4 "549" "920" accents lost 0.43, false true true, "" 10: "Wautoma" "Berlin" "Sturgeon Bay" "Beaver Dam" "Oshkosh";
    "MN" 3 "560" "507" accents lost 0.57, false false true, "" 13: "Owatonna" "Willmar" "Glencoe" "Sleepy Eye" "Crookston";
    "OH" 2 "434" "419" accents lost 0.50, false false false, "" 9: "Fremont" "Willard" "Celeryville" "Hartville" "Defiance";
    "AZ" 3 "853" "928" accents lost 0.30, false true true, "" 8: "Somerton" "San Luis" "Yuma" "Willcox" "Picacho";
    "ID" 2 "836" "208" accents lost 0.50, false false true, "" 9: "Caldwell" "Nampa" "Weiser" "Burley" "Twin Falls";
    "NY" 2 "144" "585" accents lost 0.60, true false true, "" 9: "Albion" "Brockport" "Sodus" "Florida" "Geneva";
    "CO" 2 "806" "970" accents lost 0.40, false true true, "" 10: "Greeley" "Fort Morgan" "Rocky Ford" "Alamosa" "Center";
    "IN" 1 "469" "765" accents lost 0.60, true false false, "" 9: "Elwood" "Marion" "Plymouth" "Vincennes";
    "SC" 1 "290" "803" accents lost 0.70, true false false, "" 10: "Loris" "Ridge Spring" "Batesburg" "Beaufort";
    "NJ" 1 "083" "856" accents lost 0.50, false true true, "" 10: "Bridgeton" "Vineland" "Hammonton" "Freehold";
    "IL" 1 "609" "217" accents lost 0.50, false false true, "" 9: "Rantoul" "Hoopeston" "Kankakee" "Cobden";
};

/// For a state of which no towns are listed.
const ELSEWHERE: Habits = Habits {
    code: "",
    towns: &["Fairview", "Franklin", "Clinton", "Madison", "Springfield"],
    zip: "000",
    area: "555",
    accents_lost: 0.5,
    capitals: false,
    asks_multiple: false,
    semesters: true,
    id: ("", 10),
    weight: 1,
};

/// The states of the made-up nation in the order in which a smaller nation takes them.
pub(crate) fn default_states() -> impl Iterator<Item = StateCode> {
    HABITS.iter().filter_map(|h| StateCode::new(h.code).ok())
}

/// A state of the nation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct State {
    pub(crate) code: StateCode,
    /// The code as text that lives as long as the program.
    pub(crate) text: &'static str,
    /// FIPS number.
    pub(crate) number: u64,
    pub(crate) habits: &'static Habits,
}

impl State {
    pub(crate) fn new(code: StateCode) -> Self {
        Self {
            code,
            text: &code.row().usps,
            number: u64::from(code.number()),
            habits: HABITS
                .iter()
                .find(|h| h.code == code.as_str())
                .unwrap_or(&ELSEWHERE),
        }
    }

    /// Number of its towns.
    pub(crate) fn town_count(&self) -> usize {
        self.habits.towns.len()
    }

    /// One of its towns, from 0.
    pub(crate) fn town(&self, index: usize) -> Town {
        Town {
            city: self.habits.towns[index],
            province: self.text,
            country: "US",
        }
    }
}

/// Circuits: the home state, then the states of one season's moves, and a weight. The weights of pairs among the
/// first eight states follow the pairs of states in which children were found; those of the West, the Carolinas and
/// the North-East follow the three streams of the literature on migrant labour.
const CIRCUITS: &[(&[&str], u32)] = &[
    (&["TX", "MI"], 134),
    (&["FL", "GA"], 104),
    (&["CA", "WA"], 100),
    (&["TX", "MN"], 69),
    (&["TX", "WI"], 67),
    (&["FL", "NC"], 60),
    (&["TX", "CA"], 46),
    (&["FL", "MI"], 44),
    (&["CA", "OR"], 40),
    (&["WA", "OR"], 30),
    (&["TX", "WA"], 30),
    (&["TX", "GA"], 27),
    (&["FL", "KY"], 26),
    (&["TX", "OH"], 25),
    (&["FL", "NY"], 25),
    (&["FL", "NJ"], 22),
    (&["TX", "CO"], 20),
    (&["AZ", "CA"], 20),
    (&["TX", "IN"], 18),
    (&["CA", "ID"], 16),
    (&["CA", "FL"], 16),
    (&["TX", "IL"], 14),
    (&["CA", "GA"], 13),
    (&["CA", "MN"], 13),
    (&["GA", "NC"], 12),
    (&["TX", "FL"], 11),
    (&["MI", "WI"], 11),
    (&["CA", "KY"], 10),
    (&["FL", "SC"], 10),
    (&["CA", "WI"], 9),
    (&["CA", "MI"], 8),
    (&["TX", "KY"], 6),
    (&["FL", "GA", "MI"], 20),
    (&["CA", "WA", "OR"], 20),
    (&["FL", "GA", "KY"], 15),
    (&["FL", "GA", "NC"], 15),
    (&["TX", "MI", "WI"], 6),
    (&["FL", "NC", "NY"], 6),
    (&["TX", "MN", "WI"], 4),
    (&["CA", "FL", "MN"], 3),
];

/// The circuits that lie within a nation, by the number of their states.
#[derive(Debug)]
pub(crate) struct Circuits([Vec<(Vec<usize>, u32)>; 3]);

impl Circuits {
    /// Of a nation of these states. Where no listed circuit fits, neighbours in the list are one.
    pub(crate) fn within(states: &[State]) -> Self {
        let place = |code: &str| states.iter().position(|s| s.text == code);
        let mut by_count = [Vec::new(), Vec::new(), Vec::new()];
        by_count[0] = states
            .iter()
            .enumerate()
            .map(|(i, s)| (vec![i], s.habits.weight))
            .collect();
        for (codes, weight) in CIRCUITS {
            if let Some(places) = codes.iter().map(|c| place(c)).collect::<Option<Vec<_>>>() {
                by_count[places.len() - 1].push((places, *weight));
            }
        }
        for count in 2..=3 {
            if by_count[count - 1].is_empty() && states.len() >= count {
                let around = |from: usize| (0..count).map(|step| (from + step) % states.len()).collect();
                by_count[count - 1] = (0..states.len()).map(|i| (around(i), 1)).collect();
            }
        }
        Self(by_count)
    }

    /// The places in the nation's list of a family's home and the states to which it goes.
    pub(crate) fn draw(&self, rng: &mut Stream) -> &[usize] {
        let mut count = pick(rng, &rates::STATES_PER_CHILD);
        while self.0[count].is_empty() {
            count -= 1;
        }
        let list = &self.0[count];
        let total: u32 = list.iter().map(|(_, weight)| weight).sum();
        let mut at = rng.random_range(0..total);
        for (places, weight) in list {
            if at < *weight {
                return places;
            }
            at -= weight;
        }
        &list[0].0
    }
}

const MEXICO: &[(&str, &str)] = &[
    ("Ciudad Juárez", "CHH"),
    ("Oaxaca", "OAX"),
    ("San Juan Mixtepec", "OAX"),
    ("Huajuapan de León", "OAX"),
    ("Santiago Juxtlahuaca", "OAX"),
    ("Putla", "OAX"),
    ("Zamora", "MIC"),
    ("Morelia", "MIC"),
    ("Apatzingán", "MIC"),
    ("Uruapan", "MIC"),
    ("Cherán", "MIC"),
    ("Acámbaro", "GUA"),
    ("Irapuato", "GUA"),
    ("León", "GUA"),
    ("Dolores Hidalgo", "GUA"),
    ("Celaya", "GUA"),
    ("Ixmiquilpan", "HID"),
    ("Pachuca", "HID"),
    ("Atlixco", "PUE"),
    ("Tehuacán", "PUE"),
    ("Los Mochis", "SIN"),
    ("Culiacán", "SIN"),
    ("Rioverde", "SLP"),
    ("Matehuala", "SLP"),
    ("Ciudad Valles", "SLP"),
    ("Saltillo", "COA"),
    ("Piedras Negras", "COA"),
    ("Gómez Palacio", "DUR"),
    ("Santiago Papasquiaro", "DUR"),
    ("Monterrey", "NLE"),
    ("Linares", "NLE"),
    ("Matamoros", "TAM"),
    ("Reynosa", "TAM"),
    ("Ciudad Victoria", "TAM"),
    ("Tepatitlán", "JAL"),
    ("Autlán", "JAL"),
    ("Jerez", "ZAC"),
    ("Fresnillo", "ZAC"),
    ("Chilapa", "GRO"),
    ("Tlapa", "GRO"),
    ("Ometepec", "GRO"),
    ("San Quintín", "BCN"),
    ("Mexicali", "BCN"),
    ("Tapachula", "CHP"),
    ("Comitán", "CHP"),
    ("Córdoba", "VER"),
    ("Martínez de la Torre", "VER"),
    ("Cuautla", "MOR"),
    ("Tepic", "NAY"),
    ("Cuauhtémoc", "CHH"),
    ("Hermosillo", "SON"),
    ("San Juan del Río", "QUE"),
    ("Toluca", "MEX"),
    ("Manzanillo", "COL"),
    ("Aguascalientes", "AGU"),
];
const GUATEMALA: &[(&str, &str)] = &[
    ("Huehuetenango", "HU"),
    ("Barillas", "HU"),
    ("Jacaltenango", "HU"),
    ("San Marcos", "SM"),
    ("Malacatán", "SM"),
    ("Comitancillo", "SM"),
    ("Nebaj", "QC"),
    ("Joyabaj", "QC"),
    ("Cobán", "AV"),
    ("Quetzaltenango", "QZ"),
];
const EL_SALVADOR: &[(&str, &str)] = &[
    ("San Miguel", "SM"),
    ("Usulután", "US"),
    ("Santa Ana", "SA"),
    ("Ahuachapán", "AH"),
    ("La Unión", "UN"),
];
const HONDURAS: &[(&str, &str)] = &[
    ("Juticalpa", "OL"),
    ("San Pedro Sula", "CR"),
    ("Choluteca", "CH"),
    ("La Ceiba", "AT"),
    ("Yoro", "YO"),
];
const HAITI: &[(&str, &str)] = &[
    ("Port-au-Prince", "OU"),
    ("Gonaïves", "AR"),
    ("Cap-Haïtien", "ND"),
    ("Jacmel", "SE"),
    ("Les Cayes", "SD"),
];

/// Where a family comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Mexico,
    Guatemala,
    ElSalvador,
    Honduras,
    Haiti,
    /// The family's own home state.
    Home,
}

impl Origin {
    /// One of its towns; `None` for a family from its home state.
    pub(crate) fn town(self, rng: &mut Stream) -> Option<Town> {
        let (country, towns) = match self {
            Self::Mexico => ("MX", MEXICO),
            Self::Guatemala => ("GT", GUATEMALA),
            Self::ElSalvador => ("SV", EL_SALVADOR),
            Self::Honduras => ("HN", HONDURAS),
            Self::Haiti => ("HT", HAITI),
            Self::Home => return None,
        };
        let (city, province) = one(rng, towns);
        Some(Town {
            city,
            province,
            country,
        })
    }
}

/// A town outside of the nation's states, where a family was between two stays.
pub(crate) fn elsewhere(rng: &mut Stream, states: &[State]) -> Town {
    let outside: Vec<&'static Habits> = HABITS
        .iter()
        .filter(|h| states.iter().all(|s| s.text != h.code))
        .collect();
    if outside.is_empty() {
        let (city, province) = one(rng, MEXICO);
        return Town {
            city,
            province,
            country: "MX",
        };
    }
    let habits = one(rng, &outside);
    Town {
        city: one(rng, habits.towns),
        province: habits.code,
        country: "US",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mde::Country;
    use mde::place::province_name;

    #[test]
    fn every_town_of_birth_is_in_a_province_of_its_country() {
        for (country, towns) in [
            ("MX", MEXICO),
            ("GT", GUATEMALA),
            ("SV", EL_SALVADOR),
            ("HN", HONDURAS),
            ("HT", HAITI),
        ] {
            for (city, province) in towns {
                let known = province_name(Country::new(country).unwrap(), province);
                assert!(known.is_some(), "{city}, {province}, {country}");
            }
        }
    }

    #[test]
    fn any_list_of_states_has_circuits() {
        for codes in [&["TX", "CA", "FL", "WA", "MI", "GA"][..], &["ME", "VT"], &["HI"]] {
            let states: Vec<_> = codes
                .iter()
                .map(|c| State::new(StateCode::new(c).unwrap()))
                .collect();
            let circuits = Circuits::within(&states);
            let mut rng = crate::random::stream(1, crate::random::Purpose::Family, [0; 3]);
            let longest = (0..500).map(|_| circuits.draw(&mut rng).len()).max();
            assert_eq!(longest, Some(codes.len().min(3)), "{codes:?}");
        }
    }
}
