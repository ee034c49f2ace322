//! `link evaluate` of a made-up nation: the whole way of its uploads, compared with the truth beside them.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use linking::evaluate::{Evaluation, evaluate};
use linking::{Entities, HumanDecisions, LinkIndex, Model};
use mde::{Action, StateCode, StateStudentId, StudentId, Submission};

/// Links the first uploads in a folder that `mariposa simulate` has written, and prints what goes wrong, by kind.
pub(super) fn run(folder: &Path, most: usize) -> Result<()> {
    let (truth, names) = read_truth(&folder.join("truth.csv"))?;
    let mut index = LinkIndex::new(Model::default_fixed());
    let began = Instant::now();
    for file in first_uploads(folder)? {
        let mut into = Into {
            index: &mut index,
            state: None,
        };
        formats::read(&file, &formats::Options::default(), &mut into)
            .with_context(|| format!("{} is refused", file.display()))?;
    }
    let read = began.elapsed();
    let began = Instant::now();
    let keys: Vec<u128> = index.keys().collect();
    let mut persons = Entities::default();
    let resolution = index.resolve(&keys, &persons, &HumanDecisions::default());
    persons.apply(&resolution);
    let linked = began.elapsed();
    let known: HashMap<u128, u64> = truth
        .iter()
        .filter(|(key, _)| index.contains(**key))
        .map(|(k, v)| (*k, *v))
        .collect();
    let found: HashMap<u128, u64> = persons.iter().collect();
    let evaluation = evaluate(&index, &known, &found);
    println!("students          {}", index.len());
    println!(
        "children          {}",
        known.values().collect::<std::collections::HashSet<_>>().len()
    );
    println!("persons           {}", persons.partition().len());
    println!("reading           {:.2} s", read.as_secs_f64());
    println!(
        "linking           {:.2} s ({:.0} students/s)",
        linked.as_secs_f64(),
        index.len() as f64 / linked.as_secs_f64()
    );
    report(&evaluation);
    println!("near matches      {}", resolution.near_matches().count());
    asked_about(&evaluation, &resolution);
    joined_alone(&known, &found);
    list(&evaluation, &names, most);
    Ok(())
}

fn report(evaluation: &Evaluation) {
    println!("true pairs        {}", evaluation.true_pairs);
    println!("joined pairs      {}", evaluation.found_pairs);
    println!("precision         {:.4}", evaluation.precision);
    println!("recall            {:.4}", evaluation.recall);
    println!("F1                {:.4}", evaluation.f1);
    println!("joined wrongly    {}", evaluation.false_pairs.len());
    for (kind, count) in evaluation.false_by_kind() {
        println!("    {count:>6}  {}", format!("{kind:?}").to_lowercase());
    }
    println!("missed            {}", evaluation.missed_pairs.len());
    let mut missed: Vec<(String, usize)> = evaluation.missed_by_difference().into_iter().collect();
    missed.sort_by_key(|(what, count)| (std::cmp::Reverse(*count), what.clone()));
    for (what, count) in missed.iter().take(20) {
        println!("    {count:>6}  {what}");
    }
    if missed.len() > 20 {
        println!(
            "    {:>6}  in {} other ways",
            missed[20..].iter().map(|(_, n)| n).sum::<usize>(),
            missed.len() - 20
        );
    }
}

/// Of how many missed pairs people are asked, and why the engine does not decide by itself.
fn asked_about(evaluation: &Evaluation, resolution: &linking::Resolution) {
    let near: Vec<_> = resolution.near_matches().collect();
    let mut groups: HashMap<u128, Vec<usize>> = HashMap::new();
    for (number, near) in near.iter().enumerate() {
        for key in near.left.iter().chain(&near.right) {
            groups.entry(*key).or_default().push(number);
        }
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for pair in &evaluation.missed_pairs {
        let (Some(of_a), Some(of_b)) = (groups.get(&pair.a), groups.get(&pair.b)) else {
            continue;
        };
        if let Some(both) = of_a.iter().find(|number| of_b.contains(number)) {
            *reasons
                .entry(linking::explain::reason_words(near[*both].reason))
                .or_default() += 1;
        }
    }
    println!(
        "    {:>6}  of the missed pairs are asked about:",
        reasons.values().sum::<usize>()
    );
    for (reason, count) in reasons {
        println!("    {count:>10}  {}", reason.to_lowercase());
    }
}

/// What the engine does without people, student by student: how many of those with a true partner it joins to one, and
/// how many it joins to a person most of whom is another child.
fn joined_alone(truth: &HashMap<u128, u64>, found: &HashMap<u128, u64>) {
    let mut of_child: HashMap<u64, usize> = HashMap::new();
    let mut of_person: HashMap<u64, HashMap<u64, usize>> = HashMap::new();
    for (key, child) in truth {
        *of_child.entry(*child).or_default() += 1;
        if let Some(person) = found.get(key) {
            *of_person.entry(*person).or_default().entry(*child).or_default() += 1;
        }
    }
    let (mut partnered, mut joined, mut wrong) = (0u32, 0u32, 0u32);
    for (key, child) in truth {
        let members = found.get(key).and_then(|person| of_person.get(person));
        let own = members.and_then(|m| m.get(child)).copied().unwrap_or(1);
        let all: usize = members.map_or(1, |m| m.values().sum());
        if of_child[child] > 1 {
            partnered += 1;
            joined += u32::from(own > 1);
        }
        wrong += u32::from(own * 2 < all);
    }
    let share = f64::from(joined) / f64::from(partnered.max(1)) * 100.0;
    println!(
        "students with a true partner in another record    {partnered}, of them {share:.1} % joined to one without people"
    );
    println!("students joined to mostly another child           {wrong}");
}

fn list(evaluation: &Evaluation, names: &BTreeMap<u128, String>, most: usize) {
    let name = |key: &u128| names.get(key).cloned().unwrap_or_default();
    for pair in evaluation.false_pairs.iter().take(most) {
        println!(
            "wrong   {} {}  {:?}, {:.1} bits",
            name(&pair.a),
            name(&pair.b),
            pair.kind,
            pair.weight
        );
    }
    for pair in evaluation.missed_pairs.iter().take(most) {
        println!(
            "missed  {} {}  {}, {:.1} bits",
            name(&pair.a),
            name(&pair.b),
            pair.differing,
            pair.weight
        );
    }
}

/// The first night's upload of each state.
fn first_uploads(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for state in std::fs::read_dir(folder).with_context(|| format!("failed to read {}", folder.display()))? {
        let state = state?.path();
        if state.is_dir() {
            let mut nights: Vec<PathBuf> = std::fs::read_dir(&state)?
                .map(|e| Ok(e?.path()))
                .collect::<Result<_>>()?;
            nights.sort();
            files.extend(nights.first().map(|night| night.join("upload.xml")));
        }
    }
    files.sort();
    if files.is_empty() {
        bail!("{} holds no uploads", folder.display());
    }
    Ok(files)
}

type Truth = (HashMap<u128, u64>, BTreeMap<u128, String>);

/// Child of each student, and how the student is named in a list.
fn read_truth(path: &Path) -> Result<Truth> {
    let mut reader =
        csv::Reader::from_path(path).with_context(|| format!("failed to read {}", path.display()))?;
    let mut children: HashMap<String, u64> = HashMap::new();
    let (mut truth, mut names) = (HashMap::new(), BTreeMap::new());
    for row in reader.records() {
        let row = row?;
        let (Some(state), Some(id), Some(child)) = (row.get(0), row.get(1), row.get(2)) else {
            bail!("truth.csv is not the truth")
        };
        let key = StudentId::of(StateCode::new(state)?, &StateStudentId::new(id)?)
            .0
            .as_u128();
        let next = children.len() as u64;
        truth.insert(key, *children.entry(child.to_owned()).or_insert(next));
        names.insert(
            key,
            format!(
                "{state} {id} ({child}{})",
                row.get(5).map(|e| format!("; {e}")).unwrap_or_default()
            ),
        );
    }
    Ok((truth, names))
}

struct Into<'a> {
    index: &'a mut LinkIndex,
    state: Option<StateCode>,
}

impl formats::Handler for Into<'_> {
    fn header(&mut self, header: &formats::Header) -> ControlFlow<()> {
        self.state = Some(header.state);
        ControlFlow::Continue(())
    }

    fn student(&mut self, submission: Submission) -> ControlFlow<()> {
        if let (Some(state), true) = (self.state, submission.action != Action::Delete) {
            linking::driver::upsert(
                self.index,
                submission.student.id(state),
                state,
                &submission.student,
            );
        }
        ControlFlow::Continue(())
    }
}
