//! Short and pet forms of given names, Spanish and English, and the pairs both languages exchange.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// A formal name and the forms it is also called by. A compound given name is written as one word
/// (`MARIAELENA`).
const TABLE: &[(&str, &[&str])] = &[
    ("ABRAHAM", &["ABE"]),
    ("ADELA", &["ADELITA", "LELA"]),
    ("ADRIANA", &["ADRI", "NANA"]),
    ("AGUSTIN", &["TIN", "CUCHO", "AGUS"]),
    ("ALBERTO", &["BETO", "ALBERT", "TITO"]),
    ("ALEJANDRA", &["ALE", "ALEX", "JANDRA", "SANDRA", "ALEXA"]),
    ("ALEJANDRO", &["ALE", "ALEX", "JANO", "ALEJO", "JANDRO", "SANDRO"]),
    ("ALEXANDER", &["ALEX", "XANDER", "ALEJANDRO"]),
    ("ALEXANDRA", &["ALEX", "ALEXA", "ALEJANDRA", "LEXI"]),
    ("ALFONSO", &["PONCHO", "FONCHO", "ALONSO"]),
    ("ALFREDO", &["FREDO", "FREDDY", "ALFRED", "FREDI"]),
    ("ALICIA", &["LICHA", "ALICE"]),
    ("ANA", &["ANITA", "ANNA", "ANN", "ANNIE", "ANI"]),
    ("ANASTASIO", &["TACHO"]),
    ("ANDREA", &["ANDY", "ANDI"]),
    ("ANDRES", &["ANDY", "ANDREW"]),
    ("ANGEL", &["ANGELITO", "GELO"]),
    ("ANGELA", &["ANGIE", "ANGELITA"]),
    ("ANGELICA", &["ANGIE", "ANGE", "GELI"]),
    ("ANTONIA", &["TONA", "TONIA", "TONITA", "TOÑA"]),
    ("ANTONIO", &["TONO", "ANTHONY", "TONY", "TONI", "TOÑO"]),
    ("ARACELI", &["ARA", "CHELI", "CELI"]),
    ("ARMANDO", &["MANDO"]),
    ("ARTURO", &["ARTHUR", "TURO", "ART"]),
    ("BARBARA", &["BARBIE", "BARB"]),
    ("BEATRIZ", &["BETTY", "BEA", "BEATRICE"]),
    ("BENITO", &["BENO", "BENI", "BENNY"]),
    ("BENJAMIN", &["BEN", "BENJA", "BENNY", "BENJI", "MIN"]),
    ("BERNARDO", &["BERNA", "NAYO", "BERNIE"]),
    ("BRENDA", &["BREN"]),
    ("CARLOS", &["CHARLIE", "CHARLY", "CARLITOS", "CHARLES", "CALIN"]),
    ("CARMEN", &["CARMELA", "CARMELITA", "CARMITA", "MENCHA"]),
    ("CAROLINA", &["CARO", "CAROLINE"]),
    ("CATALINA", &["CATA", "CATY", "CATHERINE", "CATARINA"]),
    ("CECILIA", &["CECI", "CHILA", "CECY"]),
    ("CESAR", &["CHECHAR", "CHECHA"]),
    ("CHRISTIAN", &["CHRIS", "CRIS"]),
    ("CHRISTOPHER", &["CHRIS", "TOPHER", "CRISTOBAL"]),
    ("CLAUDIA", &["CLAU"]),
    ("CONCEPCION", &["CONCHA", "CONCHITA", "CHONA", "CHON"]),
    ("CONSUELO", &["CHELO"]),
    ("CRISTIAN", &["CRIS", "CHRIS", "CRISTI"]),
    ("CRISTINA", &["CRIS", "TINA", "CRISTY", "CHRISTINA", "CRISTI"]),
    ("CRISTOBAL", &["TOBAL", "CRIS"]),
    ("DANIEL", &["DANY", "DAN", "DANNY", "DANI"]),
    ("DANIELA", &["DANI", "DANY"]),
    ("DAVID", &["DAVE", "DAVIDCITO"]),
    ("DIEGO", &["DIEGUITO"]),
    ("DOLORES", &["LOLA", "LOLITA", "LOLIS", "DOLLY"]),
    ("DOMINGO", &["MINGO", "DOMINIC"]),
    ("EDGAR", &["GARO", "EDDIE"]),
    ("EDUARDO", &["LALO", "EDDIE", "EDWARD", "EDY", "EDDY", "GUAYO"]),
    ("ELENA", &["NENA", "ELENITA", "HELEN"]),
    (
        "ELIZABETH",
        &[
            "ELI", "LIZ", "BETTY", "BETH", "LIZZIE", "ELISABET", "CHABELA", "BETSY", "ELIZA",
        ],
    ),
    ("EMANUEL", &["MANUEL", "EMA", "MANNY"]),
    ("EMILIANO", &["EMI", "EMILIO"]),
    ("EMILIO", &["EMI", "MILO"]),
    ("ENRIQUE", &["QUIQUE", "KIKE", "HENRY", "RICKY", "QUICO"]),
    ("ERNESTO", &["NETO", "ERNIE", "ERNEST", "TETO"]),
    ("ESPERANZA", &["LANCHA", "PERA", "ESPE"]),
    ("ESTEBAN", &["STEVE", "STEVEN", "TEBAN", "STEPHEN", "ESTEVAN"]),
    ("ESTEFANIA", &["FANY", "FANNY", "STEPHANIE", "ESTEFANY", "TEFA"]),
    ("ESTELA", &["TELA", "STELLA"]),
    ("EUGENIO", &["GENO", "KENO", "QUENO"]),
    ("EVA", &["EVITA", "EVE"]),
    ("FEDERICO", &["FEDE", "LICO", "KIKO", "FREDERICK", "FREDDY"]),
    ("FELIPE", &["PIPE", "LIPE", "PHILIP", "FELO"]),
    ("FELIX", &["FELO", "LICHO"]),
    ("FERNANDA", &["FER", "NANDA", "FERNANDITA"]),
    ("FERNANDO", &["FER", "NANDO", "NANO", "FERNI"]),
    ("FLORENCIA", &["FLOR", "FLORENCE"]),
    (
        "FRANCISCA",
        &["PACA", "PANCHA", "PAQUITA", "FRAN", "CHICA", "KIKA"],
    ),
    (
        "FRANCISCO",
        &[
            "PACO", "PANCHO", "FRANK", "FRAN", "PAQUITO", "KIKO", "QUICO", "CISCO", "FRANKIE", "CHICO",
        ],
    ),
    ("GABRIEL", &["GABE", "GABY", "GABI", "BIEL"]),
    ("GABRIELA", &["GABY", "GABI"]),
    ("GENARO", &["NARO"]),
    ("GENOVEVA", &["VEVA", "BEVA"]),
    ("GERARDO", &["JERRY", "GERRY", "LALO", "GERA", "GERARD"]),
    ("GILBERTO", &["BETO", "GIL", "GILBERT"]),
    ("GLORIA", &["YOYA", "GLORIS"]),
    ("GONZALO", &["CHALO", "GONCHO", "GONZA"]),
    ("GRACIELA", &["CHELA", "GRACE", "GRACI"]),
    ("GREGORIO", &["GOYO", "GREG", "GREGORY"]),
    (
        "GUADALUPE",
        &["LUPE", "LUPITA", "LUPILLO", "PITA", "LUPIS", "LUPITO"],
    ),
    (
        "GUILLERMO",
        &["MEMO", "GUILLE", "WILLIAM", "BILL", "WILLY", "GUIYO"],
    ),
    ("GUSTAVO", &["TAVO", "GUS", "TABO"]),
    ("HECTOR", &["TITO", "TETO"]),
    ("HERMELINDA", &["LINDA", "MELI"]),
    ("HILARIO", &["LAYO", "LALO"]),
    ("HORACIO", &["LACHO", "HORACE"]),
    ("HUMBERTO", &["BETO", "BERTO", "HUMBERT"]),
    ("IGNACIO", &["NACHO", "NACHITO", "IGGY"]),
    ("IRENE", &["NENE", "RENE"]),
    (
        "ISABEL",
        &[
            "CHABELA",
            "CHABE",
            "ISA",
            "CHABELITA",
            "BELITA",
            "BELLA",
            "ISABELA",
            "ELIZABETH",
        ],
    ),
    ("ISABELLA", &["ISA", "BELLA", "IZZY"]),
    ("ISIDRO", &["CHILO", "CHIDRO"]),
    ("ISMAEL", &["MAYO", "ISMA"]),
    ("ISRAEL", &["ISRA", "RAEL"]),
    ("JACOBO", &["COBO", "JACOB", "JAKE"]),
    ("JAIME", &["JIMMY", "JAMES", "JIM"]),
    ("JAVIER", &["JAVI", "XAVIER", "CHAVI", "JAVY", "XAVI"]),
    (
        "JENNIFER",
        &["JENNY", "JEN", "JENI", "YENIFER", "YENNIFER", "JENIFER"],
    ),
    (
        "JESSICA",
        &["JESSI", "JESS", "JESSIE", "YESSI", "YESICA", "YESSICA", "JESICA"],
    ),
    (
        "JESUS",
        &["CHUY", "CHUCHO", "CHUCHITO", "CHUYITO", "SUSO", "JESSE"],
    ),
    ("JESUSA", &["CHUYITA", "CHUCHA"]),
    ("JOAQUIN", &["QUINO", "JUACO", "CHIMO"]),
    (
        "JONATHAN",
        &["JON", "JONNY", "JOHNNY", "JOHN", "JHONATAN", "YONATAN", "JONATAN"],
    ),
    ("JORGE", &["COQUE", "KOKE", "GEORGE", "JORGITO"]),
    (
        "JOSE",
        &[
            "PEPE", "CHEPE", "JOSEPH", "JOE", "JOSEITO", "PEPITO", "CHECHE", "JOSELITO", "JOSECITO",
        ],
    ),
    ("JOSEANTONIO", &["PEPETONO", "JOSEANTO"]),
    (
        "JOSEFINA",
        &["PEPA", "FINA", "CHEPA", "CHEPINA", "JOSIE", "JOSEPHINE", "PEPITA"],
    ),
    ("JOSELUIS", &["PEPELUIS", "JOSELO", "CHELUIS"]),
    ("JOSEMARIA", &["CHEMA", "CHEMITA", "JOSEMA"]),
    ("JOSEMANUEL", &["CHEMANUEL", "JOSEMA"]),
    (
        "JUAN",
        &["JUANITO", "JUANCHO", "JOHN", "JOHNNY", "JUANCHI", "JOHNNIE"],
    ),
    ("JUANA", &["JUANITA", "JANE", "JUANIS"]),
    ("JUANCARLOS", &["JUANCA", "JUANCAR"]),
    ("JUANMANUEL", &["JUANMA"]),
    ("JUANJOSE", &["JUANJO"]),
    ("JULIA", &["JULI", "JULIE"]),
    ("JULIAN", &["JULI", "YULI"]),
    ("JULIO", &["JULIUS", "YULI"]),
    ("KATHERINE", &["KATE", "KATHY", "KATIE", "KATY", "CATALINA"]),
    ("KIMBERLY", &["KIM", "KIMI"]),
    ("LAURA", &["LAURITA", "LALA", "LAU"]),
    ("LEONARDO", &["LEO", "LEON", "NARDO", "LEONARD"]),
    ("LEONEL", &["LEO", "NEL"]),
    ("LEONOR", &["NONA", "NORA", "LEO"]),
    ("LETICIA", &["LETY", "LETI", "LETTY"]),
    ("LIDIA", &["LILI", "LYDIA"]),
    ("LILIANA", &["LILI", "LILY", "LILIAN"]),
    ("LORENA", &["LORE"]),
    ("LORENZO", &["LENCHO", "CHENCHO", "LAWRENCE", "LARRY"]),
    ("LOURDES", &["LULU", "LULA"]),
    ("LUCIA", &["LUCY", "CHIA", "LUCHA", "LUCI"]),
    (
        "LUIS",
        &["LUCHO", "GUICHO", "LOUIS", "LUISITO", "HUICHO", "LOUIE", "WICHO"],
    ),
    ("LUISA", &["LUISITA", "LUCHA", "LOUISA", "GUICHA"]),
    ("LUZ", &["LUCHA", "LUCITA", "LUCY"]),
    ("MAGDALENA", &["MAGDA", "MALENA", "LENA", "MAGDALENE"]),
    (
        "MANUEL",
        &[
            "MANOLO",
            "MANNY",
            "MEMEL",
            "MANUELITO",
            "MANU",
            "NELO",
            "MENO",
            "LITO",
        ],
    ),
    ("MANUELA", &["MANOLA", "MANU", "NELA"]),
    ("MARCELA", &["CHELA", "MARCE"]),
    ("MARCELINO", &["CHELINO", "LINO", "MARCELO"]),
    ("MARCELO", &["CHELO", "MARCE"]),
    ("MARCOS", &["MARK", "MARCO", "MARCUS"]),
    (
        "MARGARITA",
        &[
            "MAGO", "MAGUE", "RITA", "MARGARET", "MAGGIE", "MARGO", "MAGGY", "MARGE",
        ],
    ),
    (
        "MARIA",
        &[
            "MARI",
            "MARY",
            "MARIQUITA",
            "MARIITA",
            "CHAYO",
            "MARUCA",
            "MARUJA",
            "MIA",
        ],
    ),
    ("MARIACONCEPCION", &["MARICHONA", "MARICONCHA"]),
    ("MARIADOLORES", &["MARIDOL", "LOLA"]),
    ("MARIAELENA", &["MALENA", "MARILENA", "MARIELENA", "NENA"]),
    ("MARIAEUGENIA", &["MARIU", "MARU", "MARUGENIA"]),
    ("MARIAFERNANDA", &["MAFER", "MARIFER"]),
    ("MARIAGUADALUPE", &["MARILUPE", "LUPITA", "LUPE"]),
    ("MARIAISABEL", &["MARIBEL", "MARISA", "MABEL", "CHABELA"]),
    ("MARIAJESUS", &["MARICHUY", "CHUY"]),
    ("MARIAJOSE", &["MAJO", "MARIJOSE", "COTE", "MARIAJO"]),
    ("MARIALUISA", &["MARILU", "MALU", "MARISA"]),
    ("MARIAPAZ", &["MARIPAZ"]),
    ("MARIAROSA", &["MARIROSA"]),
    ("MARIASOLEDAD", &["MARISOL"]),
    ("MARIATERESA", &["MAITE", "MAYTE", "MARITERE"]),
    ("MARIADELCARMEN", &["MARICARMEN", "MAICA"]),
    ("MARIACARMEN", &["MARICARMEN", "MAICA"]),
    ("MARIACRUZ", &["MARICRUZ"]),
    ("MARIO", &["MAYITO", "MARITO"]),
    ("MATEO", &["TEO", "MATTHEW", "MATT"]),
    ("MATIAS", &["MATI", "MATTHIAS"]),
    ("MAURICIO", &["MAU", "MAURO", "MAURICE"]),
    ("MAXIMILIANO", &["MAX", "MAXIMO", "MAXI"]),
    ("MERCEDES", &["MECHE", "MERCHE", "MECHITAS"]),
    ("MICAELA", &["MICA", "MIKA"]),
    ("MICHELLE", &["MICHI", "SHELLY"]),
    ("MIGUEL", &["MIKE", "MICHAEL", "MIGUELITO", "MICKY", "MIGUE"]),
    ("MIGUELANGEL", &["MIGUELANGE"]),
    ("MONICA", &["MONI", "MONA"]),
    ("MONSERRAT", &["MONSE", "MONTSE", "MONTSERRAT"]),
    ("NATALIA", &["NATA", "NATY", "NAT", "NATALIE", "TALIA"]),
    ("NATIVIDAD", &["NATY", "NATI"]),
    ("NICOLAS", &["NICO", "NICK", "COLAS", "NICHOLAS"]),
    ("NICOLE", &["NICKY", "NICO", "NIKKI"]),
    ("NORMA", &["NORMITA"]),
    ("OCTAVIO", &["TAVO", "TABO"]),
    ("OLIVIA", &["LIVIA", "OLI", "LIV"]),
    ("OSCAR", &["OSCARIN", "OCA"]),
    ("PABLO", &["PAUL", "PABLITO", "PABLITOS"]),
    ("PATRICIA", &["PATY", "PATTY", "PATI", "TRISH", "PAT", "TRICIA"]),
    ("PATRICIO", &["PATO", "PATRICK", "PAT"]),
    ("PAULINA", &["PAU", "LINA", "PAULINE"]),
    ("PEDRO", &["PERICO", "PETER", "PEDRITO", "PEYO", "PETE"]),
    ("PILAR", &["PILI", "PILY"]),
    ("RAFAEL", &["RAFA", "RALPH", "RAFITA", "FALO", "FAEL"]),
    ("RAMON", &["MONCHO", "MONCHI", "RAY", "RAYMOND"]),
    ("RAQUEL", &["QUELA", "RACHEL", "RAQUELITA"]),
    ("RAUL", &["RULO", "RAULITO"]),
    ("REFUGIO", &["CUCA", "CUCO", "REFUGITO"]),
    ("REYNALDO", &["REY", "NALDO", "RAY"]),
    ("RICARDO", &["RICHARD", "RICKY", "RICO", "RICHIE", "RICK", "CAYO"]),
    ("ROBERTO", &["BETO", "ROBERT", "BOBBY", "ROB", "TITO", "BOB"]),
    ("RODOLFO", &["FITO", "RUDY", "ROLO", "RUDOLPH", "FOFO"]),
    ("RODRIGO", &["RODRI", "ROY", "RIGO"]),
    ("ROGELIO", &["ROGER", "ROYO", "ROGE"]),
    ("ROLANDO", &["ROLO", "ROLAND", "LANDO"]),
    ("ROSA", &["ROSITA", "ROSE", "CHITA", "ROSY", "ROSI", "ROSIE"]),
    ("ROSALIA", &["CHALIA", "ROSY"]),
    ("ROSARIO", &["CHAYO", "CHAYITO", "ROSY", "CHARITO", "SARITO"]),
    ("RUBEN", &["BENO", "RUBE"]),
    ("SALVADOR", &["CHAVA", "SAL", "CHAVITA", "CHAVITO"]),
    ("SAMANTHA", &["SAM", "SAMMY"]),
    ("SAMUEL", &["SAM", "SAMMY", "SAMI"]),
    ("SANDRA", &["SANDY", "CHANDRA"]),
    (
        "SANTIAGO",
        &["SANTI", "CHAGO", "JAMES", "JACOB", "TIAGO", "CHAGUITO"],
    ),
    ("SARA", &["SARITA", "SARAH", "SARI"]),
    ("SEBASTIAN", &["SEBAS", "BASTIAN", "CHANO", "CHEBO", "SEB"]),
    ("SERGIO", &["CHECO", "CHEJO", "YEYO"]),
    ("SILVIA", &["CHIVIS", "SILVI", "SYLVIA", "SIVIA"]),
    ("SOCORRO", &["COCO", "COYO", "SOCO", "COCOYA"]),
    ("SOFIA", &["SOFI", "SOPHIA", "SOPHIE", "CHOFI", "FIFI"]),
    ("SOLEDAD", &["CHOLE", "SOL", "CHOLITA"]),
    ("STEPHANIE", &["STEPH", "STEFFY", "STEFANI"]),
    ("SUSANA", &["SUSY", "SUSAN", "SUSI", "SUZY"]),
    (
        "TERESA",
        &["TERE", "TETE", "TERRY", "TERESITA", "CHITA", "THERESA", "TESSA"],
    ),
    ("TIMOTEO", &["TEO", "TIMOTHY", "TIM"]),
    ("TOMAS", &["TOM", "THOMAS", "TOMMY", "TOMI"]),
    ("TRINIDAD", &["TRINI", "TRINA"]),
    ("VALENTINA", &["VALE", "TINA", "VAL"]),
    ("VALERIA", &["VALE", "VALERIE", "VAL"]),
    ("VANESSA", &["VANE", "NESSA"]),
    ("VERONICA", &["VERO", "RONI", "RONNIE"]),
    ("VICENTE", &["CHENTE", "VINCENT", "VICE", "VINCE", "CHENTITO"]),
    ("VICTOR", &["VIC", "VITO", "VICTORIO"]),
    ("VICTORIA", &["VICKY", "TORI", "VIKI", "TOYA", "VICTORINA"]),
    ("VIRGINIA", &["VICKY", "GINA", "GINNY", "VIRGIE"]),
    ("WILLIAM", &["WILL", "BILL", "BILLY", "WILLY", "LIAM"]),
    ("XIMENA", &["XIME", "JIMENA", "MENA"]),
    ("XOCHITL", &["XOCHI", "SOCHI"]),
    ("YOLANDA", &["YOLI", "YOLA", "YOLY"]),
    ("ASHLEY", &["ASHLY", "ASHLEE", "ASHLIE"]),
    ("BRAYAN", &["BRIAN", "BRYAN", "BRAIAN"]),
    ("CRISTAL", &["CRYSTAL", "KRISTAL", "CHRYSTAL"]),
    ("DYLAN", &["DILAN", "DILLAN"]),
    ("EDWIN", &["EDUIN", "ED"]),
    ("ERICK", &["ERIK", "ERIC"]),
    ("EVELYN", &["EVELIN", "EVELING", "EVE"]),
    (
        "JACQUELINE",
        &["JAQUELINE", "JAQUELIN", "YAQUELIN", "JACKIE", "JAKI"],
    ),
    (
        "JAZMIN",
        &["JASMINE", "JASMIN", "JAZMINE", "YAZMIN", "YASMIN", "JAZ"],
    ),
    ("JOCELYN", &["JOSELYN", "JOSELIN", "YOSELIN", "YOCELIN"]),
    ("KEVIN", &["KEVEN", "KEBIN", "KEVYN"]),
    ("LESLIE", &["LESLY", "LESLI", "LESLEY"]),
    ("LIZBETH", &["LISBETH", "LIZ", "LISBET", "LIZETH"]),
    ("YAHIR", &["JAIR", "YAIR", "JAHIR"]),
    ("YESENIA", &["YESI", "YESSENIA", "JESENIA", "JESSENIA", "YESSI"]),
    ("YULIANA", &["YULI", "JULIANA", "YULIANNA"]),
    ("ZACARIAS", &["ZACK", "ZACHARY", "CARIAS"]),
];

static GROUPS: LazyLock<FxHashMap<String, Vec<u16>>> = LazyLock::new(|| {
    let mut groups: FxHashMap<String, Vec<u16>> = FxHashMap::default();
    for (group, (formal, short)) in (0..).zip(TABLE) {
        for name in std::iter::once(formal).chain(*short) {
            groups.entry(crate::text::fold(name)).or_default().push(group);
        }
    }
    groups
});

/// The groups of names `name` (folded) belongs to; two names that share one are forms of each other.
pub fn groups(name: &str) -> &'static [u16] {
    GROUPS.get(name).map_or(&[], Vec::as_slice)
}

/// Whether `name` (folded) is the head of a group: an established formal name.
pub fn is_formal(name: &str) -> bool {
    TABLE.iter().any(|row| row.0 == name)
}

/// Every name that shares a group with `name` (folded), itself apart: what a search by `name` should find as well.
pub fn forms(name: &str) -> impl Iterator<Item = &'static str> {
    groups(name)
        .iter()
        .flat_map(|&group| {
            let (formal, short) = TABLE[usize::from(group)];
            std::iter::once(formal).chain(short.iter().copied())
        })
        .filter(move |form| crate::text::fold(form) != name)
}

/// Whether two different folded names are forms of one name.
pub fn related(a: &str, b: &str) -> bool {
    groups(a).iter().any(|group| groups(b).contains(group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pet_names_meet_their_formal_names() {
        for (a, b) in [
            ("JOSE", "PEPE"),
            ("JOSE", "CHEPE"),
            ("FRANCISCO", "PACO"),
            ("PACO", "PANCHO"),
            ("GUADALUPE", "LUPITA"),
            ("JESUS", "CHUY"),
            ("IGNACIO", "NACHO"),
            ("MARIAELENA", "MALENA"),
            ("LUIS", "GUICHO"),
            ("ANTONIO", "TONO"),
        ] {
            assert!(related(a, b) && related(b, a), "{a} {b}");
        }
        assert!(!related("JOSE", "LUIS") && !related("ALBERTO", "ROBERTO"));
        assert!(TABLE.len() > 200 && TABLE.iter().map(|row| row.1.len()).sum::<usize>() > 500);
    }

    #[test]
    fn a_search_by_one_form_finds_the_others() {
        let forms = |name| -> Vec<&str> { forms(name).collect() };
        let of_pepe = forms("PEPE");
        assert!(of_pepe.contains(&"JOSE") && of_pepe.contains(&"CHEPE") && !of_pepe.contains(&"PEPE"));
        let of_benito = forms("BENITO");
        assert_eq!(of_benito, ["BENO", "BENI", "BENNY"]);
        // A form of several names brings all of them.
        let of_andy = forms("ANDY");
        assert!(
            of_andy.contains(&"ANDREA") && of_andy.contains(&"ANDRES"),
            "{of_andy:?}"
        );
        assert!(forms("XICOTENCATL").is_empty());
        assert!(is_formal("JOSE") && !is_formal("PEPE") && !is_formal("XICOTENCATL"));
        assert_eq!((groups("BENITO").len(), groups("XICOTENCATL").len()), (1, 0));
        assert!(groups("ANDY").len() > 1);
    }
}
