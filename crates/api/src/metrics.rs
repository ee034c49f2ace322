//! Counters of requests, in the text form that Prometheus reads. No personal data: labels are route templates.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the classes of duration, in seconds.
const BOUNDS: [f64; 8] = [0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0];

#[derive(Debug, Default)]
struct Durations {
    /// Requests by class; the last is what is slower than every bound.
    classes: [u64; BOUNDS.len() + 1],
    seconds: f64,
}

/// What was asked of the listeners.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: Mutex<BTreeMap<(String, String, u16), u64>>,
    durations: Mutex<BTreeMap<String, Durations>>,
}

impl Metrics {
    /// Counts a request to a route template.
    pub fn count(&self, method: &str, route: &str, status: u16, took: Duration) {
        let key = (method.to_owned(), route.to_owned(), status);
        *self
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(key)
            .or_default() += 1;
        let mut durations = self.durations.lock().unwrap_or_else(PoisonError::into_inner);
        let of_route = durations.entry(route.to_owned()).or_default();
        let seconds = took.as_secs_f64();
        let class = BOUNDS
            .iter()
            .position(|bound| seconds <= *bound)
            .unwrap_or(BOUNDS.len());
        of_route.classes[class] += 1;
        of_route.seconds += seconds;
    }

    /// All counters as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = Text::default();
        text.family(
            "mariposa_requests_total",
            "counter",
            "Requests by route and status.",
        );
        for ((method, route, status), requests) in
            &*self.requests.lock().unwrap_or_else(PoisonError::into_inner)
        {
            let labels = [
                ("method", method.as_str()),
                ("route", route),
                ("status", &status.to_string()),
            ];
            text.sample("mariposa_requests_total", &labels, *requests as f64);
        }
        text.family(
            "mariposa_request_seconds",
            "histogram",
            "Time to the head of the response.",
        );
        for (route, of_route) in &*self.durations.lock().unwrap_or_else(PoisonError::into_inner) {
            let mut below = 0;
            for (class, requests) in of_route.classes.iter().enumerate() {
                below += requests;
                let bound = BOUNDS
                    .get(class)
                    .map_or_else(|| "+Inf".to_owned(), ToString::to_string);
                text.sample(
                    "mariposa_request_seconds_bucket",
                    &[("route", route), ("le", &bound)],
                    below as f64,
                );
            }
            text.sample(
                "mariposa_request_seconds_sum",
                &[("route", route)],
                of_route.seconds,
            );
            text.sample(
                "mariposa_request_seconds_count",
                &[("route", route)],
                below as f64,
            );
        }
        text.0
    }
}

/// A text of samples in the making.
#[derive(Debug, Default)]
pub(crate) struct Text(pub(crate) String);

impl Text {
    /// Announces a metric.
    pub(crate) fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// One value of it.
    pub(crate) fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(label, text)| {
                let text = text
                    .replace('\\', "\\\\")
                    .replace('"', "\\\"")
                    .replace('\n', "\\n");
                format!("{label}=\"{text}\"")
            })
            .collect();
        let labels = if labels.is_empty() {
            String::new()
        } else {
            format!("{{{}}}", labels.join(","))
        };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_is_cumulative() {
        let metrics = Metrics::default();
        metrics.count("GET", "/v1/persons/{person_id}", 200, Duration::from_millis(7));
        metrics.count("GET", "/v1/persons/{person_id}", 200, Duration::from_mins(1));
        let text = metrics.text();
        assert!(text.contains(
            "mariposa_requests_total{method=\"GET\",route=\"/v1/persons/{person_id}\",status=\"200\"} 2"
        ));
        assert!(
            text.contains(
                "mariposa_request_seconds_bucket{route=\"/v1/persons/{person_id}\",le=\"0.005\"} 0"
            )
        );
        assert!(
            text.contains("mariposa_request_seconds_bucket{route=\"/v1/persons/{person_id}\",le=\"0.01\"} 1")
        );
        assert!(
            text.contains("mariposa_request_seconds_bucket{route=\"/v1/persons/{person_id}\",le=\"+Inf\"} 2")
        );
    }
}
