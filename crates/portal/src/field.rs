//! Fields of forms: label, hint, what is wrong with it, and the control.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::view::{Choice, Mistakes};

/// With what a field is filled in.
#[derive(Debug, Clone)]
pub(crate) enum Control {
    /// A line of this type.
    Input(&'static str),
    /// Several lines.
    Area,
    /// One of several; the first text stands for none.
    Select(&'static str, Vec<Choice>),
}

/// A field of a form.
#[derive(Debug, Clone, Template)]
#[template(path = "field.html")]
pub(crate) struct Field {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    value: String,
    wrong: String,
    class: &'static str,
    autocomplete: &'static str,
    required: bool,
    maximum: usize,
    control: Control,
}

impl HtmlSafe for Field {}

impl Field {
    fn new(name: &'static str, label: &'static str, value: &str, control: Control) -> Self {
        Self {
            name,
            label,
            hint: "",
            value: value.to_owned(),
            wrong: String::new(),
            class: "",
            autocomplete: "off",
            required: false,
            maximum: 200,
            control,
        }
    }

    pub(crate) fn text(name: &'static str, label: &'static str, value: &str) -> Self {
        Self::new(name, label, value, Control::Input("text"))
    }

    pub(crate) fn input(name: &'static str, label: &'static str, value: &str, kind: &'static str) -> Self {
        Self::new(name, label, value, Control::Input(kind))
    }

    pub(crate) fn area(name: &'static str, label: &'static str, value: &str) -> Self {
        Self::new(name, label, value, Control::Area)
    }

    pub(crate) fn select(
        name: &'static str,
        label: &'static str,
        none: &'static str,
        choices: Vec<Choice>,
    ) -> Self {
        Self::new(name, label, "", Control::Select(none, choices))
    }

    pub(crate) fn hint(mut self, hint: &'static str) -> Self {
        self.hint = hint;
        self
    }

    pub(crate) fn class(mut self, class: &'static str) -> Self {
        self.class = class;
        self
    }

    pub(crate) fn autocomplete(mut self, autocomplete: &'static str) -> Self {
        self.autocomplete = autocomplete;
        self
    }

    pub(crate) fn maximum(mut self, maximum: usize) -> Self {
        self.maximum = maximum;
        self
    }

    pub(crate) fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// With what is wrong with it.
    pub(crate) fn judged(mut self, mistakes: &Mistakes) -> Self {
        mistakes.of(self.name).clone_into(&mut self.wrong);
        self
    }
}
