//! Lists of names, the commonest first, and draws from them with the skew of real ones.

use std::sync::LazyLock;

use rand::RngExt;

use crate::random::Stream;

/// A list in which the name of rank r has the weight 1/(r + `flat`/10): Zipf's law, flattened at the top.
#[derive(Debug)]
pub(crate) struct Pool {
    names: Vec<&'static str>,
    cumulative: Vec<u64>,
}

impl Pool {
    fn new(text: &'static str, flat: u64) -> Self {
        let names: Vec<_> = text.split(',').map(str::trim).collect();
        let mut sum = 0;
        let cumulative = (1..=names.len() as u64)
            .map(|rank| {
                // Whole numbers, so that every machine draws the same.
                sum += 10_000_000 / (10 * rank + flat);
                sum
            })
            .collect();
        Self { names, cumulative }
    }

    /// A name.
    pub(crate) fn draw(&self, rng: &mut Stream) -> &'static str {
        let total = self.cumulative.last().copied().unwrap_or(1);
        let at = rng.random_range(0..total);
        self.names[self.cumulative.partition_point(|sum| *sum <= at)]
    }

    /// Two names that are nearly the same: what parents of twins like. Where the list has none of the usual ones, the
    /// name and another that begins with its letters, if there is one.
    pub(crate) fn near_pair(
        &self,
        name: &'static str,
        rng: &mut Stream,
    ) -> Option<(&'static str, &'static str)> {
        let usual: Vec<_> = NEAR_NAMES
            .iter()
            .copied()
            .filter(|(one, other)| self.names.contains(one) && self.names.contains(other))
            .collect();
        if !usual.is_empty() {
            return Some(crate::random::one(rng, &usual));
        }
        let letters = |n: &str| n.chars().take(2).collect::<String>();
        let like: Vec<_> = self
            .names
            .iter()
            .copied()
            .filter(|n| *n != name && letters(n) == letters(name))
            .collect();
        (!like.is_empty()).then(|| (name, crate::random::one(rng, &like)))
    }
}

/// The names of one culture.
#[derive(Debug)]
pub(crate) struct Culture {
    pub(crate) girls: Pool,
    pub(crate) boys: Pool,
    pub(crate) second_girls: Pool,
    pub(crate) second_boys: Pool,
    pub(crate) women: Pool,
    pub(crate) men: Pool,
    pub(crate) surnames: Pool,
    /// Whether a child has the first surnames of both parents.
    pub(crate) double_surname: bool,
}

/// Spanish double surnames.
pub(crate) static SPANISH: LazyLock<Culture> = LazyLock::new(|| Culture {
    girls: Pool::new(GIRLS, 6),
    boys: Pool::new(BOYS, 6),
    second_girls: Pool::new(SECOND_GIRLS, 8),
    second_boys: Pool::new(SECOND_BOYS, 17),
    women: Pool::new(WOMEN, 80),
    men: Pool::new(MEN, 80),
    surnames: Pool::new(SURNAMES, 27),
    double_surname: true,
});

/// Mayan surnames with Spanish given names.
pub(crate) static MAYAN: LazyLock<Culture> = LazyLock::new(|| Culture {
    girls: Pool::new(GIRLS, 30),
    boys: Pool::new(BOYS, 30),
    second_girls: Pool::new(SECOND_GIRLS, 10),
    second_boys: Pool::new(SECOND_BOYS, 20),
    women: Pool::new(WOMEN, 80),
    men: Pool::new(MEN, 80),
    surnames: Pool::new(MAYAN_SURNAMES, 40),
    double_surname: true,
});

/// Haitian names.
pub(crate) static HAITIAN: LazyLock<Culture> = LazyLock::new(|| Culture {
    girls: Pool::new(HAITIAN_GIRLS, 40),
    boys: Pool::new(HAITIAN_BOYS, 40),
    second_girls: Pool::new(HAITIAN_GIRLS, 120),
    second_boys: Pool::new(HAITIAN_BOYS, 120),
    women: Pool::new(HAITIAN_GIRLS, 80),
    men: Pool::new(HAITIAN_BOYS, 80),
    surnames: Pool::new(HAITIAN_SURNAMES, 40),
    double_surname: false,
});

/// English names.
pub(crate) static ENGLISH: LazyLock<Culture> = LazyLock::new(|| Culture {
    girls: Pool::new(ENGLISH_GIRLS, 60),
    boys: Pool::new(ENGLISH_BOYS, 60),
    second_girls: Pool::new(ENGLISH_GIRLS, 120),
    second_boys: Pool::new(ENGLISH_BOYS, 120),
    women: Pool::new(ENGLISH_GIRLS, 120),
    men: Pool::new(ENGLISH_BOYS, 120),
    surnames: Pool::new(ENGLISH_SURNAMES, 60),
    double_surname: false,
});

/// Whether a first name seldom stands alone.
pub(crate) fn wants_second(first: &str) -> bool {
    ["María", "José", "Ana", "Juan", "Luis"].contains(&first)
}

/// Names that twins get together.
const NEAR_NAMES: &[(&str, &str)] = &[
    ("Valeria", "Valentina"),
    ("Jazlyn", "Jazmín"),
    ("Leslie", "Lesly"),
    ("Jessica", "Yesenia"),
    ("Karina", "Karla"),
    ("Rosa", "Rosario"),
    ("Estefanía", "Estrella"),
    ("Alan", "Alex"),
    ("Edgar", "Edwin"),
    ("Damián", "Adrián"),
    ("Iván", "Ian"),
    ("Jair", "Yahir"),
];

/// Whether two names are such names.
#[cfg(test)]
pub(crate) fn is_near(one: &str, other: &str) -> bool {
    NEAR_NAMES
        .iter()
        .any(|pair| *pair == (one, other) || *pair == (other, one))
}

/// The short or English forms of a given name that clerks and families use.
pub(crate) fn nicknames(name: &str) -> &'static [&'static str] {
    NICKNAMES
        .iter()
        .find(|(full, _)| *full == name)
        .map_or(&[], |(_, short)| short)
}

const NICKNAMES: &[(&str, &[&str])] = &[
    ("José", &["Pepe", "Joe", "Chepe"]),
    ("Juan", &["John", "Juanito"]),
    ("Jesús", &["Chuy"]),
    ("Francisco", &["Paco", "Pancho", "Frank", "Kiko"]),
    ("Guadalupe", &["Lupe", "Lupita"]),
    ("María", &["Mary", "Mari"]),
    ("Ana", &["Anita", "Anna"]),
    ("Luis", &["Güicho", "Louis", "Luisito"]),
    ("Miguel", &["Mike", "Michael"]),
    ("Alejandro", &["Alex", "Jando"]),
    ("Alejandra", &["Alex", "Ale"]),
    ("Alexander", &["Alex"]),
    ("Daniel", &["Danny", "Dani"]),
    ("Daniela", &["Dani"]),
    ("Antonio", &["Toño", "Tony"]),
    ("Fernando", &["Fer", "Nando"]),
    ("Fernanda", &["Fer"]),
    ("Roberto", &["Beto", "Robert"]),
    ("Alberto", &["Beto", "Albert"]),
    ("Eduardo", &["Lalo", "Eddie"]),
    ("Carlos", &["Charlie", "Carlitos"]),
    ("Santiago", &["James", "Santi"]),
    ("Andrés", &["Andrew", "Andy"]),
    ("Ignacio", &["Nacho"]),
    ("Vicente", &["Chente", "Vince"]),
    ("Enrique", &["Quique", "Henry", "Kike"]),
    ("Manuel", &["Manny", "Manolo"]),
    ("Gabriel", &["Gabe", "Gabi"]),
    ("Gabriela", &["Gaby"]),
    ("Araceli", &["Cheli"]),
    ("Yesenia", &["Yesi", "Jessenia"]),
    ("Jessica", &["Yesica", "Jessie"]),
    ("Jennifer", &["Jenny", "Yenifer"]),
    ("Teresa", &["Tere"]),
    ("Rosario", &["Chayo", "Rosa"]),
    ("Concepción", &["Concha", "Conchita"]),
    ("Dolores", &["Lola"]),
    ("Isabel", &["Chabela", "Elizabeth"]),
    ("Elizabeth", &["Liz", "Elisabet"]),
    ("Rafael", &["Rafa", "Ralph"]),
    ("Ramón", &["Moncho", "Ray"]),
    ("Ricardo", &["Richard", "Ricky"]),
    ("Jorge", &["George", "Coque"]),
    ("Pedro", &["Peter", "Perico"]),
    ("Pablo", &["Paul"]),
    ("Guillermo", &["Memo", "William"]),
    ("Sebastián", &["Sebas"]),
    ("Cristian", &["Cris", "Christian"]),
    ("Brayan", &["Bryan", "Brian"]),
    ("Kevin", &["Kevyn"]),
    ("Margarita", &["Mago", "Margaret"]),
    ("Mercedes", &["Meche"]),
    ("Graciela", &["Chela"]),
    ("Leticia", &["Lety"]),
    ("Patricia", &["Paty"]),
    ("Verónica", &["Vero"]),
    ("Victoria", &["Vicky"]),
    ("Valentina", &["Vale"]),
    ("Valeria", &["Vale"]),
    ("Mónica", &["Moni"]),
    ("Rodolfo", &["Fito", "Rudy"]),
    ("Adolfo", &["Fito"]),
    ("Arturo", &["Art"]),
    ("Felipe", &["Phillip", "Pipe"]),
    ("Esteban", &["Steven"]),
    ("Tomás", &["Thomas", "Tom"]),
    ("Mateo", &["Matthew"]),
    ("Diego", &["James"]),
    ("Javier", &["Javi", "Xavier"]),
    ("Raúl", &["Ralph"]),
    ("Marcos", &["Mark"]),
    ("Sofía", &["Sophia"]),
    ("Natalia", &["Naty"]),
    ("Estefanía", &["Stephanie", "Fany"]),
    ("Michael", &["Mike"]),
    ("Robert", &["Bob"]),
    ("William", &["Bill", "Will"]),
    ("James", &["Jim"]),
    ("Joseph", &["Joe"]),
];

/// María twice: she is commoner than a list of one's own rank would have her.
const GIRLS: &str = "María, Ana, Guadalupe, Valeria, Sofía, Ximena, María, Valentina, Daniela, Jessica, Evelyn, Andrea, Camila, \
Diana, Alondra, Jennifer, Kimberly, Emily, Fernanda, Abigail, Alejandra, Karla, Leslie, Yesenia, Brenda, Rosa, Itzel, \
Karina, Estefanía, Melissa, Elizabeth, Laura, Perla, Jazmín, Mariana, Natalia, Isabel, Paola, Vanesa, Gabriela, Araceli, \
Juana, Citlali, Esmeralda, Cecilia, Jaqueline, Karen, Lizbeth, Nayeli, Rubí, Samantha, Teresa, Victoria, Yadira, Adriana, \
Alexa, Alicia, Angélica, Arely, Ashley, Aurora, Beatriz, Berenice, Bianca, Carolina, Cinthia, Claudia, Cristina, Dulce, \
Edith, Elena, Emma, Erika, Esperanza, Estrella, Fátima, Gloria, Griselda, Heidi, Hilda, Irene, Isabella, Jimena, Joselyn, \
Julieta, Julissa, Katherine, Keila, Lesly, Leticia, Lidia, Liliana, Litzy, Lorena, Lourdes, Lucero, Lucía, Luz, Magdalena, \
Maite, Margarita, Maribel, Marisol, Martha, Mayra, Melanie, Mercedes, Mía, Miriam, Mónica, Monserrat, Nadia, Nancy, Naomi, \
Nataly, Nicole, Noemí, Norma, Olga, Paloma, Patricia, Pilar, Priscila, Raquel, Regina, Renata, Rocío, Romina, Rosario, \
Roxana, Ruth, Sandra, Sara, Selena, Silvia, Stephanie, Tania, Verónica, Viridiana, Wendy, Yamileth, Yaretzi, Yolanda, \
Zaira, Zoe, Zulema, Evangelina, Jazlyn, Aidé, Amairani, Anahí, Betzabé, Dalia, Yazmín, Eloísa, Emilia, Frida, Genesis, \
Hortensia, Ingrid, Janet, Kassandra, Lilia, Macarena, Nereida, Ofelia, Petra, Reyna, Salma, Tatiana, Úrsula, Yuridia";

const BOYS: &str = "José, Juan, Luis, Jesús, Diego, Ángel, Alexander, Daniel, Brayan, Carlos, Fernando, Sebastián, Miguel, \
Adrián, Kevin, Cristian, Santiago, Iván, Antonio, Francisco, Jorge, David, Eduardo, Alejandro, Manuel, Emmanuel, Leonardo, \
Ricardo, Javier, Óscar, Víctor, Jonathan, Edgar, Isaac, Gabriel, Andrés, Erick, Roberto, Mario, Alan, Mateo, Martín, \
Sergio, Pedro, César, Raúl, Omar, Rafael, Hugo, Héctor, Arturo, Alberto, Jaime, Gerardo, Josué, Julio, Marco, Axel, Rubén, \
Abraham, Alfredo, Armando, Samuel, Pablo, Emiliano, Enrique, Felipe, Gael, Yahir, Ramón, Ernesto, Esteban, Fabián, Marcos, \
Saúl, Salvador, Tomás, Aarón, Abel, Abraham, Adán, Agustín, Aldo, Alexis, Alfonso, Álvaro, Anthony, Benjamín, Bernardo, \
Bruno, Camilo, Christopher, Clemente, Damián, Darío, Dylan, Edwin, Efraín, Elías, Emilio, Ezequiel, Félix, Fidel, Gilberto, \
Gonzalo, Gregorio, Guillermo, Gustavo, Heriberto, Hernán, Ian, Ignacio, Ismael, Israel, Jair, Joel, Joaquín, Jordan, Kenneth, \
Leonel, Lorenzo, Lucas, Matías, Mauricio, Maximiliano, Moisés, Nicolás, Noé, Octavio, Orlando, Oswaldo, Patricio, Ramiro, \
Rigoberto, Rodolfo, Rodrigo, Rogelio, Román, Santos, Simón, Teodoro, Ulises, Uriel, Valentín, Vicente, Wilmer, Xavier, \
Zacarías, Adolfo, Anselmo, Baltazar, Casimiro, Demetrio, Eleazar, Fermín, Genaro, Hilario, Isidro, Jacinto, Leobardo, \
Melchor, Nazario, Porfirio, Quirino, Refugio, Silvestre, Tobías, Wilfredo, Alex";

const SECOND_GIRLS: &str = "Guadalupe, Fernanda, Isabel, de los Ángeles, Elena, del Carmen, Nicole, del Rosario, Victoria, \
Yamileth, Jazmín, Soledad, Patricia, Concepción, Alejandra, Luisa, Paola, Monserrat, Esmeralda, Daniela, Elizabeth, \
Teresa, de Jesús, Michelle, Cristina, José, Fátima, Rubí, Abigail, Camila, Estefanía, Gabriela, Karen, Lizbeth, Margarita, \
Natalia, Ximena, Dolores, del Pilar, Rosario, Sofía, Valentina, Araceli, Berenice, Antonia, Josefina, Lucía, Mercedes";

const SECOND_BOYS: &str = "Ángel, Carlos, Luis, Antonio, Alberto, Manuel, Eduardo, de Jesús, Alejandro, Daniel, Alexander, \
Isaac, Emmanuel, Gabriel, Francisco, David, Enrique, Ramón, Fernando, Armando, Alfredo, Miguel, Josué, Iván, Pablo, \
Alonso, Gerardo, Javier, Ignacio, Martín, Adrián, Andrés, Ernesto, Guadalupe, José, Rafael, Santiago, Andrés, Roberto, \
Sebastián, Ulises, Vicente, de la Cruz, Mauricio, Orlando, Rodolfo, Salvador, Víctor";

const WOMEN: &str = "María, Guadalupe, Rosa, Ana, Martha, Silvia, Leticia, Patricia, Laura, Gabriela, Lourdes, Araceli, \
Alejandra, Sandra, Teresa, Carmen, Juana, Elvia, Reina, Esperanza, Isabel, Rebeca, Daniela, Paulina, Lorena, Margarita, \
Claudia, Andrea, Vanesa, Natividad, Rocío, Marisol, Victoria, Raquel, Susana, Berta, Indira, Josefina, Natalia, Olga, \
Barbara, Minerva, Angélica, Graciela, Elena, Norma, Adela, Hilda, Nadia, Noemí, Sofía, Florencia, Esther, Linda, Ivonne, \
Carlota, Lucía, Aida, Angela, Leonor, Violeta, Salma, Arcelia, Alma, Irma, Blanca, Beatriz, Verónica, Estela, Yolanda, \
Amalia, Catalina, Delia, Emilia, Francisca, Georgina, Herlinda, Inés, Julia, Micaela, Ofelia, Petra, Ramona, Socorro, \
Tomasa, Virginia, Zenaida, Cristina, Dolores, Eva, Fabiola, Gloria, Magdalena, Mónica, Rosalía, Maricela, Yadira, Wendolin";

const MEN: &str = "José, Juan, Luis, Jesús, Francisco, Antonio, Pedro, Manuel, Miguel, Carlos, Rafael, Ramón, Arturo, \
Federico, Octavio, Julio, Santiago, Nicolás, Cristóbal, Hugo, Gerardo, Manuel, Alberto, Mariano, Jacobo, Aurelio, Modesto, \
Augusto, Felipe, Óscar, Rodolfo, Bruno, César, Isaac, Eugenio, Gonzalo, Rufino, Alfonso, Darío, Adán, Jorge, Víctor, Iván, \
Gabriel, Reynaldo, Abelardo, Eloy, Maximiliano, Salvador, Martín, Enrique, Ignacio, Roberto, Javier, Mario, Sergio, Raúl, \
Ricardo, Eduardo, Fernando, Guillermo, Héctor, Ismael, Joaquín, Leonardo, Marcos, Noé, Pablo, Rogelio, Samuel, Tomás, Ubaldo, \
Vicente, Wilfrido, Agustín, Benito, Camilo, Domingo, Efraín, Fidel, Gilberto, Horacio, Jaime, Leopoldo, Macario, Nemesio, \
Pascual, Ruperto, Silverio, Teófilo, Valente, Zenón, Cirilo, Eusebio, Faustino, Graciano, Heriberto";

const SURNAMES: &str = "García, Hernández, López, Martínez, Rodríguez, Pérez, González, Ramírez, Sánchez, Torres, Cruz, Díaz, \
Rivera, Flores, Álvarez, Ruiz, Santiago, Ortiz, Garza, Sandoval, Ramos, Gómez, Franco, Medina, Valenzuela, de León, Jiménez, \
Castillo, Méndez, Soto, Reyes, Peña, Vásquez, Estrada, Guzmán, Vega, Delgado, Alvarado, Padilla, Morales, Gutiérrez, Mendoza, \
Vázquez, Aguilar, Romero, Herrera, Chávez, Castro, Moreno, Rojas, Juárez, Contreras, Salazar, Luna, Ortega, Guerrero, Vargas, \
Domínguez, Velázquez, Cortez, Muñoz, Núñez, Espinoza, Ríos, Silva, Cervantes, Figueroa, Campos, Molina, Márquez, Rosas, \
Carrillo, León, Lara, Avila, Cárdenas, Navarro, Acosta, Maldonado, Solís, Robles, Ochoa, Trejo, Pacheco, Camacho, Valdez, \
Rangel, Mejía, Miranda, Cabrera, Santos, Fuentes, Trujillo, Suárez, Rosales, Ibarra, Nava, Cisneros, Montes, Salinas, \
Villarreal, Serrano, Zamora, Barrera, Gallegos, Velasco, Lozano, Tapia, Olvera, Galindo, Rocha, Cordova, Orozco, Macías, \
Escobar, Bautista, Villegas, Huerta, Esquivel, Duarte, Osorio, Zavala, Arellano, Ponce, Calderón, Treviño, Quintero, Enríquez, \
Meza, Villanueva, Beltrán, Corona, Rubio, Zúñiga, Barajas, Arias, Ávalos, Parra, Cantú, Montoya, Lucero, Rosario, Cuevas, \
Rentería, Madrigal, Becerra, Leyva, Aranda, Ayala, Correa, Zapata, Farías, Mora, Palacios, Valencia, Gallardo, Guerra, Pineda, \
Mata, Nieto, Bonilla, Carranza, Sosa, Rael, Colón, Tejada, Archuleta, Tellez, Ruelas, Casanova, Polanco, Mondragón, Ulibarri, \
Olivo, Toro, Santana, Granado, Vergara, Saiz, Coronado, Marín, Villa, Hinojosa, Valle, Mojica, Blanco, Urbina, Salcido, \
Centeno, Sotelo, Montaño, Salas, Puente, Casillas, Arroyo, Lugo, Villalobos, de la Cruz, de la Torre, de la Rosa, del Toro, \
de la Fuente, Gurule, Piña, Carmona, Cadena, Castañeda, Alarcón, Anaya, Aguirre, Andrade, Arreola, Arteaga, Baca, Ballesteros, \
Banda, Bañuelos, Barragán, Barrientos, Benavides, Benítez, Bermúdez, Bernal, Bravo, Briseño, Burgos, Bustamante, Bustos, \
Caballero, Camarillo, Canales, Cano, Carbajal, Caro, Carrasco, Carrera, Carrizales, Casas, Castellanos, Ceballos, Cedillo, \
Ceja, Chacón, Cobos, Collazo, Conde, Cornejo, Coronel, Corrales, Covarrubias, Cuéllar, Dávila, del Río, Delarosa, Elizondo, \
Escalante, Escamilla, Escobedo, Esparza, Espino, Espinosa, Estévez, Fajardo, Félix, Fernández, Fierro, Fonseca, Frías, \
Fuentes, Galván, Gamboa, Gaona, Garay, Garibay, Garrido, Gaytán, Girón, Godínez, Gracia, Granados, Grijalva, Guajardo, Guevara, \
Guillén, Haro, Heredia, Hidalgo, Holguín, Hurtado, Iglesias, Jaimes, Jaramillo, Jasso, Jáuregui, Landeros, Lerma, Leal, Ledesma, \
Lemus, Licea, Limón, Linares, Llamas, Loera, Longoria, Lomelí, Lira, Loya, Luján, Luévano, Magaña, Manríquez, Manzano, Mares, \
Mariscal, Marroquín, Mascareñas, Matos, Medrano, Melgoza, Mena, Menchaca, Mercado, Merino, Mireles, Monreal, Monroy, Montalvo, \
Montelongo, Montero, Morán, Moya, Murillo, Naranjo, Navarrete, Negrete, Nevárez, Noriega, Núñez, Obregón, Ocampo, Olguín, \
Olivares, Olivas, Oliveros, Ontiveros, Oropeza, Orta, Otero, Oviedo, Palma, Palomino, Paredes, Pardo, Partida, Patiño, \
Paz, Pedraza, Pelayo, Peralta, Perea, Pizarro, Plascencia, Portillo, Prado, Preciado, Prieto, Quezada, Quijano, Quintana, \
Quiñónez, Quiroz, Razo, Rebolledo, Rendón, Reséndez, Resendiz, Retana, Rico, Rincón, Roldán, Roque, Ruvalcaba, Saavedra, \
Saenz, Salcedo, Saldaña, Saldívar, Salgado, Samaniego, Sauceda, Segovia, Segura, Sepúlveda, Serna, Sierra, Solano, Soliz, \
Solorio, Solórzano, Soria, Tamayo, Tello, Terán, Terrazas, Tinoco, Tirado, Toledo, Tovar, Ulloa, Uribe, Urías, Valadez, \
Valdivia, Valles, Varela, Vela, Velarde, Vélez, Venegas, Vera, Verdugo, Verduzco, Vidal, Viera, Villagómez, Villaseñor, \
Viramontes, Yáñez, Ybarra, Zaragoza, Zárate, Zepeda, Zermeño, Zertuche, Zurita, Almaraz, Amador, Arce, Arenas, Arriaga, \
Barrios, Berrios, Cintrón, Cotto, Malavé, Ocasio, Carrión, Concepción, Mendieta, Adame, Bueno, Toscano, Tirso, Oseguera";

const MAYAN_SURNAMES: &str = "Tum, Choc, Caal, Pop, Xol, Chub, Ixcoy, Tzoc, Ajú, Cuc, Coc, Ical, Tiul, Xuc, Batz, Chávez, \
Chajal, Us, Itzep, Quiej, Mejía, Morente, Tzunux, Ajanel, Raymundo, Brito, Cobo, Matom, de Paz, Bernal, Francisco, Sebastián, \
Pascual, Mateo, Domingo, Miguel, Andrés, Juan, Gaspar, Tomás, Ramírez, Pérez, López, Bámaca, Chilel, Ortiz, Velásquez, Jerónimo, \
Ordóñez, Tojil, Yat, Cac, Mucú, Sacul, Bá, Ixim, Poou, Tax, Tzul, Hernández";

const HAITIAN_SURNAMES: &str = "Jean, Pierre, Joseph, Louis, Charles, Jean-Baptiste, François, Étienne, Michel, Augustin, \
Baptiste, Desir, Dorvil, Estime, Exantus, Fleurimond, Francois, Guerrier, Hilaire, Innocent, Jacques, Lafleur, Laguerre, \
Mathieu, Merisier, Noel, Paul, Petit-Frère, Philippe, Pierre-Louis, Prophète, Registre, Saint-Fleur, Saint-Louis, Sylvain, \
Théodore, Toussaint, Valcourt, Victor, Vilsaint, Alexis, Antoine, Bien-Aimé, Cadet, Célestin, Clerveaux, Delva, Dieudonné";

const HAITIAN_GIRLS: &str = "Marie, Rose, Nadège, Widline, Fabiola, Guerline, Islande, Jocelyne, Judeline, Lovely, Magdala, \
Mirlande, Naïka, Rachelle, Roseline, Sabine, Stéphanie, Yolette, Daphnée, Esther, Farah, Gaëlle, Ketsia, Love, Medjine";

const HAITIAN_BOYS: &str = "Jean, Wilson, Jackson, Frantz, Emmanuel, Stanley, Woodly, Junior, Ricardo, Evens, Pierre, Samuel, \
Wilner, Kervens, Jameson, Fritz, Gérard, Mackenson, Peterson, Rodney, Schneider, Widlin, Yves, Carl, Dieuseul, Jude";

const ENGLISH_SURNAMES: &str = "Smith, Johnson, Williams, Brown, Jones, Davis, Miller, Wilson, Moore, Taylor, Anderson, \
Thomas, Jackson, White, Harris, Martin, Thompson, Clark, Lewis, Lee, Walker, Hall, Allen, Young, King, Wright, Scott, Green, \
Baker, Adams, Nelson, Carter, Mitchell, Roberts, Turner, Phillips, Campbell, Parker, Evans, Edwards, Collins, Stewart, Morris, \
Cook, Rogers, Reed, Bell, Cox, Ward, Fisher, Curtis, James, O'Neal, McCoy, Fowler";

const ENGLISH_GIRLS: &str = "Emily, Ashley, Hannah, Madison, Emma, Olivia, Abigail, Sarah, Grace, Chloe, Elizabeth, Alyssa, \
Lauren, Kayla, Brianna, Taylor, Anna, Megan, Sydney, Rachel, Ella, Faith, Hailey, Jasmine, Katherine, Lily, Mia, Morgan, \
Natalie, Paige, Rebecca, Savannah, Sophia, Zoe, Brooke, Destiny";

const ENGLISH_BOYS: &str = "Jacob, Michael, Joshua, Matthew, Ethan, Andrew, Daniel, William, Joseph, Christopher, Anthony, \
Ryan, David, James, Tyler, John, Noah, Benjamin, Austin, Caleb, Cody, Dylan, Elijah, Hunter, Isaac, Jackson, Justin, Kyle, \
Logan, Mason, Nathan, Robert, Samuel, Thomas, Wyatt, Zachary";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};

    #[test]
    fn common_names_are_common_and_rare_ones_occur() {
        let mut rng = stream(1, Purpose::Family, [0, 0, 0]);
        let drawn: Vec<_> = (0..20_000).map(|_| SPANISH.surnames.draw(&mut rng)).collect();
        let share = |name| drawn.iter().filter(|n| **n == name).count() as f64 / 20_000.0;
        assert!((0.03..0.06).contains(&share("García")), "{}", share("García"));
        assert!(share("García") > 2.0 * share("Torres"));
        assert!(drawn.contains(&"Zertuche"));
    }

    #[test]
    fn every_name_is_a_valid_one() {
        for culture in [&SPANISH, &MAYAN, &HAITIAN, &ENGLISH] {
            for pool in [
                &culture.girls,
                &culture.boys,
                &culture.second_girls,
                &culture.second_boys,
                &culture.women,
                &culture.men,
                &culture.surnames,
            ] {
                for name in &pool.names {
                    mde::text::Name::new(name).unwrap();
                }
            }
        }
        assert!(SPANISH.surnames.names.len() > 400);
    }
}
