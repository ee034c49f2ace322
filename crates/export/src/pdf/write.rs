//! A set paper as PDF/UA-1.

use std::num::NonZeroU16;

use chrono::{Datelike as _, Timelike as _};
use krilla::color::luma;
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, BBox, ContentTag, Identifier, ListNumbering, Node, SpanTag, TableHeaderScope,
    Tag, TagGroup, TagKind, TagTree,
};
use krilla::{Document, SerializeSettings};

use super::face::Face;
use super::layout::{Figure, Layout, Line, Mark, PAGE, Page, Role, Shape, Tree};
use super::{Paper, PdfError};

pub(super) fn write(paper: &Paper, layout: &Layout) -> Result<Vec<u8>, PdfError> {
    let refused = |error: &dyn std::fmt::Debug| PdfError::Refused(format!("{error:?}"));
    let configuration = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| refused(&error))?;
    let mut document = Document::new_with(SerializeSettings {
        configuration,
        ..SerializeSettings::default()
    });
    document.set_metadata(metadata(paper));
    let mut marks: Vec<Vec<Identifier>> = vec![Vec::new(); layout.leaves];
    for page in &layout.pages {
        let settings = PageSettings::from_wh(PAGE.0, PAGE.1)
            .ok_or_else(|| PdfError::Refused("a page without size".to_owned()))?;
        let mut sheet = document.start_page_with(settings);
        let mut surface = sheet.surface();
        draw(&mut surface, page, &mut marks);
        surface.finish();
        sheet.finish();
    }
    let mut tree = TagTree::new().with_lang(Some(paper.language.tag().to_owned()));
    for part in &layout.tree {
        for node in nodes(part, &marks) {
            tree.push(node);
        }
    }
    document.set_tag_tree(tree);
    document.set_outline(outline(&layout.headings));
    document.finish().map_err(|error| refused(&error))
}

/// The headings, those of the second level below the first.
fn outline(headings: &[Mark]) -> Outline {
    let node = |mark: &Mark| {
        let to = XyzDestination::new(mark.page, Point::from_xy(0.0, mark.y));
        OutlineNode::new(mark.text.clone(), to)
    };
    let mut outline = Outline::new();
    for group in headings.chunk_by(|_, next| next.level > 1) {
        let mut top = node(&group[0]);
        for mark in &group[1..] {
            top.push_child(node(mark));
        }
        outline.push_child(top);
    }
    outline
}

fn metadata(paper: &Paper) -> Metadata {
    let metadata = Metadata::new()
        .title(paper.heading_text())
        .language(paper.language.tag().to_owned())
        .creator("Mariposa".to_owned());
    let Some(at) = paper.written else { return metadata };
    let part = |number: u32| u8::try_from(number).unwrap_or_default();
    metadata.creation_date(
        DateTime::new(u16::try_from(at.year()).unwrap_or_default())
            .month(part(at.month()))
            .day(part(at.day()))
            .hour(part(at.hour()))
            .minute(part(at.minute()))
            .second(part(at.second()))
            .utc_offset_hour(0)
            .utc_offset_minute(0),
    )
}

fn draw(surface: &mut Surface<'_>, page: &Page, marks: &mut [Vec<Identifier>]) {
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
    for rule in &page.rules {
        filled(surface, &[*rule]);
    }
    surface.end_tagged();
    for shapes in page.shapes.chunk_by(|one, next| one.leaf == next.leaf) {
        let mark = surface.start_tagged(ContentTag::Other);
        marks[shapes[0].leaf].push(mark);
        drawing(surface, shapes);
        surface.end_tagged();
    }
    for lines in page.lines.chunk_by(|one, next| one.leaf == next.leaf) {
        match lines[0].leaf {
            Some(leaf) => {
                let mark = surface.start_tagged(ContentTag::Span(SpanTag::empty()));
                marks[leaf].push(mark);
            }
            None => {
                surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(
                    ArtifactType::PaginationOther,
                )));
            }
        }
        for line in lines {
            text(surface, line);
        }
        surface.end_tagged();
    }
}

/// The shapes of a figure, those of one shade at once.
fn drawing(surface: &mut Surface<'_>, shapes: &[Shape]) {
    let before = surface.get_fill().cloned();
    for shapes in shapes.chunk_by(|one, next| one.shade == next.shade) {
        surface.set_fill(Some(Fill {
            paint: luma::Color::new(shapes[0].shade).into(),
            ..Fill::default()
        }));
        let rects: Vec<[f32; 4]> = shapes.iter().map(|shape| shape.rect).collect();
        filled(surface, &rects);
    }
    surface.set_fill(before);
}

fn filled(surface: &mut Surface<'_>, rects: &[[f32; 4]]) {
    let mut path = PathBuilder::new();
    for rect in rects.iter().filter_map(rectangle) {
        path.push_rect(rect);
    }
    if let Some(path) = path.finish() {
        surface.draw_path(&path);
    }
}

fn rectangle([left, top, right, bottom]: &[f32; 4]) -> Option<Rect> {
    Rect::from_ltrb(*left, *top, *right, *bottom)
}

fn text(surface: &mut Surface<'_>, line: &Line) {
    let face = Face::of(line.bold);
    let set = face.set(&line.text);
    if !set.glyphs.is_empty() {
        let start = Point::from_xy(line.x, line.y);
        surface.draw_glyphs(start, &set.glyphs, face.font.clone(), &set.text, line.size, false);
    }
}

fn nodes(tree: &Tree, marks: &[Vec<Identifier>]) -> Vec<Node> {
    match tree {
        Tree::Leaf(leaf) => marks[*leaf].iter().copied().map(Node::from).collect(),
        Tree::Group(role, parts) => {
            let children: Vec<Node> = parts.iter().flat_map(|part| nodes(part, marks)).collect();
            // A cell without text is still a cell; any other group without content is none.
            if children.is_empty() && *role != Role::Cell {
                return Vec::new();
            }
            vec![TagGroup::with_children(kind(role), children).into()]
        }
    }
}

fn kind(role: &Role) -> TagKind {
    match role {
        Role::Section(language) => Tag::Section.with_lang(Some(language.tag().to_owned())).into(),
        Role::Heading(level, title) => {
            let level = NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN);
            Tag::Hn(level, Some(title.clone())).into()
        }
        Role::Paragraph => Tag::P.into(),
        Role::List => Tag::L(ListNumbering::None).into(),
        Role::Item => Tag::LI.into(),
        Role::Label => Tag::Lbl.into(),
        Role::Body => Tag::LBody.into(),
        Role::Table => Tag::Table.into(),
        Role::Head => Tag::THead.into(),
        Role::Rows => Tag::TBody.into(),
        Role::Row => Tag::TR.into(),
        Role::ColumnHead => Tag::TH(TableHeaderScope::Column).into(),
        Role::Cell => Tag::TD.into(),
        Role::Figure(Figure { says, page, rect }) => {
            let bounds = rectangle(rect).map(|rect| BBox::new(*page, rect));
            Tag::Figure(Some(says.clone())).with_bbox(bounds).into()
        }
    }
}
