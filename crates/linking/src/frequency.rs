//! How common a name is, so that agreeing on `GARCIA` says less than agreeing on `BALLESTEROS`.
//!
//! The counts of the index itself, smoothed with a small table for registries that have few records yet. The
//! table's figures are rounded shares per 100,000 bearers, in the order of magnitude of the U.S. Census Bureau's
//! lists of surnames among Hispanic people and of given names of recent birth years.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// What a name is used as; each has its own frequencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A given name.
    Given,
    /// A surname.
    Surname,
    /// A city of birth.
    City,
    /// A word of the street where someone lives.
    Street,
    /// A postcode, or a town where there is none.
    Locality,
}

impl Role {
    /// How many roles there are.
    pub const COUNT: usize = 5;

    /// All roles, in index order.
    pub const ALL: [Role; Role::COUNT] = [
        Role::Given,
        Role::Surname,
        Role::City,
        Role::Street,
        Role::Locality,
    ];
}

/// How many records the default table weighs as much as, in a registry of students.
pub const SMOOTHING: f64 = 2_000.0;

/// The share of a name that neither the table nor many records know.
const RARE: [f64; Role::COUNT] = [8e-5, 5e-5, 4e-4, 1e-3, 1e-3];

const GIVEN: &str = "MARIA 4200 JOSE 2900 JUAN 1900 LUIS 1700 ANA 1300 ANGEL 1200 JESUS 1100 CARLOS 1050 MIGUEL 950 \
    GUADALUPE 900 DANIEL 900 JORGE 750 ANTONIO 900 DAVID 700 ALEJANDRO 750 FRANCISCO 700 MANUEL 650 DIEGO 600 \
    EMILY 400 SOFIA 600 VALERIA 500 ISABEL 600 JUANA 350 ROSA 400 CARMEN 400 LUISA 300 KEVIN 500 \
    BRIAN 250 BRAYAN 250 EDGAR 300 EDUARDO 450 FERNANDO 450 JAVIER 450 OSCAR 400 PEDRO 400 ALBERTO 450 \
    ALEXANDER 500 SEBASTIAN 450 SANTIAGO 400 MATEO 300 CAMILA 400 XIMENA 350 VALENTINA 350 DANIELA 450 NATALIA 350 \
    FERNANDA 450 ANDREA 400 ALEXA 250 JENNIFER 350 JESSICA 300 STEPHANIE 250 KIMBERLY 250 ASHLEY 250 LESLIE 250 \
    BRENDA 250 DIANA 300 GABRIELA 300 ALONDRA 250 YESENIA 200 KARLA 250 KAREN 250 CRISTIAN 400 JONATHAN 350 \
    ANTHONY 350 ERICK 250 IVAN 300 OMAR 250 RICARDO 350 ROBERTO 350 SERGIO 300 RAUL 250 HECTOR 300 VICTOR 350 \
    MARIO 250 ENRIQUE 250 ALFREDO 200 ARTURO 200 GERARDO 200 GUSTAVO 200 RAMON 200 RAFAEL 250 ARMANDO 150 \
    MARTIN 250 EMMANUEL 200 ISAAC 250 ISAIAS 120 ABRAHAM 120 ADRIAN 350 ALAN 250 AXEL 250 GAEL 250 LEONARDO 250 \
    EMILIANO 300 JULIAN 250 NICOLE 250 NAOMI 120 MELISSA 200 MICHELLE 250 ESMERALDA 200 ESTRELLA 120 EVELYN 200 \
    JAZMIN 200 LIZBETH 150 MARISOL 150 PERLA 120 RUBY 120 SARA 180 TERESA 200 VERONICA 150 VICTORIA 200 YADIRA 100 \
    JOEL 150 NOEL 60 NOE 90 JOSUE 200 IAN 90 ADAN 90 ALDO 60 ALMA 120 MARTA 70 MARTHA 120 DARIO 40 ELISA 60 ELSA 60 \
    MARIANA 200 JULIANA 60 JULIA 100 LUCAS 70 LUCIA 120 EMILIO 80 EMILIA 90 CARLA 80 CLARA 60 ELIAS 110 TOMAS 90 \
    SAMUEL 180 SANTOS 60 PAULA 80 PAOLA 120 PABLO 150 RENATA 90 REGINA 110 AILEEN 50 AYLIN 100 ALEXIS 250 ALICIA 120 \
    YAHIR 100 JAIR 70 JARED 60 AARON 120 ERIK 90 ERICA 80 ERIKA 110 BELEN 60 ESTHER 80 EDITH 60 EDWIN 150 IRIS 60 \
    ISELA 30 GISELA 30 GISELLE 70 DULCE 90 CITLALI 50 ITZEL 100 LITZY 50 ABIGAIL 130 ABRIL 50 ANAHI 60 ANDRES 220 \
    MARCOS 130 MARCO 120 SELENA 60 SERENA 20 ALINA 40 ELENA 150 JAZMINE 40 JASMINE 110 ROCIO 60 ROGELIO 90 CESAR 220";

const SURNAMES: &str = "GARCIA 2900 RODRIGUEZ 2500 HERNANDEZ 2700 MARTINEZ 2600 LOPEZ 2400 GONZALEZ 2300 PEREZ 2000 \
    SANCHEZ 1700 RAMIREZ 1700 TORRES 1200 FLORES 1150 RIVERA 1000 GOMEZ 1100 DIAZ 950 CRUZ 1050 REYES 900 \
    MORALES 850 GUTIERREZ 750 ORTIZ 850 RAMOS 750 RUIZ 650 ALVAREZ 600 MENDOZA 700 VASQUEZ 550 CASTILLO 600 \
    JIMENEZ 600 MORENO 550 ROMERO 550 HERRERA 550 MEDINA 500 AGUILAR 500 GARZA 400 CASTRO 450 VARGAS 420 \
    FERNANDEZ 450 GUZMAN 420 MUNOZ 380 MENDEZ 380 SALAZAR 370 SOTO 370 DELGADO 350 PENA 350 RIOS 330 ALVARADO 350 \
    SANDOVAL 330 CONTRERAS 330 VALDEZ 300 GUERRERO 350 ORTEGA 340 ESTRADA 320 NUNEZ 320 MALDONADO 300 VEGA 320 \
    VAZQUEZ 330 SANTIAGO 330 DOMINGUEZ 300 ESPINOZA 320 SILVA 260 PADILLA 260 MARQUEZ 250 CORTEZ 250 ROJAS 280 \
    ACOSTA 250 FIGUEROA 230 LUNA 290 JUAREZ 290 NAVARRO 250 CAMPOS 230 MOLINA 240 AVILA 240 AYALA 240 MEJIA 260 \
    CARRILLO 230 DURAN 200 SANTOS 240 SALINAS 220 ROBLES 210 SOLIS 200 LARA 210 CERVANTES 210 AGUIRRE 190 \
    OCHOA 190 PACHECO 180 TREVINO 130 CABRERA 200 CANTU 150 CARDENAS 180 CALDERON 180 BARRERA 170 ROSALES 180 \
    MONTES 150 VELASQUEZ 190 LEON 230 FUENTES 190 IBARRA 170 TREJO 130 VILLARREAL 130 ZAMORA 150 SERRANO 150 \
    VALENCIA 160 SALAS 140 PONCE 120 BELTRAN 120 QUINTERO 110 GALLEGOS 120 ARIAS 130 BAUTISTA 170 MATEO 60";

fn parse(table: &'static str) -> FxHashMap<&'static str, f64> {
    let words: Vec<&str> = table.split_whitespace().collect();
    words
        .chunks_exact(2)
        .map(|pair| (pair[0], pair[1].parse().unwrap_or(0.0) / 1e5))
        .collect()
}

static DEFAULT_GIVEN: LazyLock<FxHashMap<&'static str, f64>> = LazyLock::new(|| parse(GIVEN));
static DEFAULT_SURNAME: LazyLock<FxHashMap<&'static str, f64>> = LazyLock::new(|| parse(SURNAMES));

/// The table's share of `name` (folded) in `role`, 0..=1; a small constant when it is not listed.
pub fn default_share(name: &str, role: Role) -> f64 {
    let listed = match role {
        Role::Given => DEFAULT_GIVEN.get(name),
        Role::Surname => DEFAULT_SURNAME.get(name),
        Role::City | Role::Street | Role::Locality => None,
    };
    listed.copied().unwrap_or(RARE[role as usize])
}

/// Whether `name` (folded) is an established given name, which a slip of the pen rarely makes of another.
pub fn is_common_given(name: &str) -> bool {
    DEFAULT_GIVEN.contains_key(name)
}

/// The smoothed share of a value seen `count` times among `total`, whose default share is `default`; the default
/// weighs as much as `smoothing` records.
pub fn smoothed_share(count: u32, total: u64, default: f64, smoothing: f64) -> f64 {
    (f64::from(count) + smoothing * default) / (total as f64 + smoothing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_reads_and_smooths() {
        assert!(DEFAULT_GIVEN.len() > 100 && DEFAULT_SURNAME.len() > 100);
        assert!(default_share("GARCIA", Role::Surname) > 100.0 * default_share("BALLESTEROS", Role::Surname));
        assert!(smoothed_share(0, 0, 0.01, SMOOTHING) > 0.0099);
        let learned = smoothed_share(500_000, 1_000_000, 0.01, SMOOTHING);
        assert!((learned - 0.5).abs() < 0.01);
    }

    #[test]
    fn shares_are_of_all_bearers() {
        let near = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-12, "{found}");
        near(default_share("MARIA", Role::Given), 0.042);
        near(default_share("GARCIA", Role::Surname), 0.029);
        // A surname is no given name, and no table knows of places.
        near(default_share("GARCIA", Role::Given), 8e-5);
        near(default_share("XICOTENCATL", Role::Surname), 5e-5);
        for (role, rare) in [(Role::City, 4e-4), (Role::Street, 1e-3), (Role::Locality, 1e-3)] {
            near(default_share("MARIA", role), rare);
        }
        assert!(is_common_given("CESAR") && is_common_given("MARIA") && !is_common_given("GARCIA"));
        near(smoothed_share(10, 100, 0.5, 100.0), 0.3);
        near(smoothed_share(0, 0, 0.25, 7.0), 0.25);
    }
}
