//! A picture of one or more cluster reports: latency over offered rate, with the bound as a line.
//!
//! Both axes are logarithmic. Only open loops without a disturbance are points: `rate-N`, `light`
//! and `half`. Invariant: the same reports give the same bytes.
#![expect(clippy::float_arithmetic, reason = "a picture is for people")]

mod axis;

use std::{fmt::Write as _, path::Path};

use axis::Axis;

use super::report::{Written, WrittenScenario};
use crate::xtask::Failure;

const WIDTH: u32 = 860;
const HEIGHT: u32 = 520;

/// Where the plane begins and ends, from the left and from above.
const LEFT: f64 = 80.0;
const RIGHT: f64 = 830.0;
const TOP: f64 = 60.0;
const BOTTOM: f64 = 450.0;

/// A colour for each report.
const COLOURS: [&str; 6] = ["#1f5fbf", "#c2410c", "#15803d", "#7e22ce", "#a16207", "#be123c"];

/// One report's points, by offered rate.
#[derive(Clone, Debug, PartialEq)]
struct Series {
    label: String,
    bound: f64,
    p50: Vec<(f64, f64)>,
    p99: Vec<(f64, f64)>,
}

/// Draws the reports in these files, the JSON output of `bench cluster`.
///
/// # Errors
/// [`Failure::File`] for a file that cannot be read, [`Failure::Found`] for one that is no such
/// report or has no open loop.
pub fn plot(files: &[impl AsRef<Path>]) -> Result<String, Failure> {
    let series = files.iter().map(|file| read(file.as_ref())).collect::<Result<Vec<_>, _>>()?;
    Ok(draw(&series))
}

fn read(path: &Path) -> Result<Series, Failure> {
    let failed = |reason: String| Failure::File { path: path.to_owned(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let written: Written = serde_json::from_str(&text).map_err(|error| {
        failed(format!("{error}; write it with `cargo xtask bench cluster --output json`"))
    })?;
    let series = series(&written);
    if series.p50.is_empty() {
        let what = "it has no open loop: run the bench with `--scenario rate-1000` or others";
        return Err(failed(what.to_owned()));
    }
    Ok(series)
}

fn series(written: &Written) -> Series {
    let mut open: Vec<_> = written.scenarios.iter().filter(|one| is_open(one)).collect();
    open.sort_by_key(|one| one.offered_per_second);
    let points = |take: fn(&WrittenScenario) -> f64| {
        let point = |one: &&WrittenScenario| (axis::count(one.offered_per_second), take(one));
        open.iter().map(point).collect()
    };
    Series {
        label: format!("{} validators, {} accounts", written.validators, written.accounts),
        bound: axis::count(written.bound_per_second),
        p50: points(|one| one.p50_ms),
        p99: points(|one| one.p99_ms),
    }
}

fn is_open(one: &WrittenScenario) -> bool {
    let named = one.name.starts_with("rate-") || ["light", "half"].contains(&one.name.as_str());
    named && one.payments_per_transaction == 1 && one.p50_ms > 0.0
}

fn draw(all: &[Series]) -> String {
    let rates = all.iter().flat_map(|one| one.p50.iter().map(|(rate, _)| *rate).chain([one.bound]));
    let times = all.iter().flat_map(|one| one.p50.iter().chain(&one.p99).map(|(_, time)| *time));
    let (across, up) = (Axis::over(rates, LEFT, RIGHT), Axis::over(times, BOTTOM, TOP));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n"
    );
    text(&mut svg, (LEFT, 30.0), "start", "Latency until final, by offered payments a second");
    grid(&mut svg, &across, &up);
    for (one, colour) in all.iter().zip(COLOURS.iter().cycle()) {
        let x = across.place(one.bound);
        line(&mut svg, &[(x, TOP), (x, BOTTOM)], colour, "2 4");
        curve(&mut svg, &one.p50, (&across, &up), (colour, ""));
        curve(&mut svg, &one.p99, (&across, &up), (colour, "7 4"));
    }
    legend(&mut svg, all);
    svg.push_str("</svg>\n");
    svg
}

/// The frame, and a line for each power of ten.
fn grid(svg: &mut String, across: &Axis, up: &Axis) {
    for (value, label) in across.decades() {
        let x = across.place(value);
        line(svg, &[(x, TOP), (x, BOTTOM)], "#d4d4d4", "");
        text(svg, (x, BOTTOM + 20.0), "middle", &label);
    }
    for (value, label) in up.decades() {
        let y = up.place(value);
        line(svg, &[(LEFT, y), (RIGHT, y)], "#d4d4d4", "");
        text(svg, (LEFT - 8.0, y + 4.0), "end", &label);
    }
    text(svg, (LEFT - 8.0, TOP - 12.0), "end", "ms");
    text(svg, (RIGHT, BOTTOM + 40.0), "end", "payments/s offered");
}

fn curve(
    svg: &mut String,
    points: &[(f64, f64)],
    (across, up): (&Axis, &Axis),
    (colour, dashes): (&str, &str),
) {
    let places: Vec<_> =
        points.iter().map(|(rate, time)| (across.place(*rate), up.place(*time))).collect();
    line(svg, &places, colour, dashes);
    for (x, y) in places {
        let _infallible =
            writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{colour}\"/>");
    }
}

/// What each line is, under the plane.
fn legend(svg: &mut String, all: &[Series]) {
    let note = "solid: p50; dashed: p99; dotted: the bound B of the same run";
    text(svg, (LEFT, BOTTOM + 40.0), "start", note);
    let mut y = TOP + 16.0;
    for (one, colour) in all.iter().zip(COLOURS.iter().cycle()) {
        line(svg, &[(LEFT + 10.0, y - 4.0), (LEFT + 34.0, y - 4.0)], colour, "");
        text(svg, (LEFT + 42.0, y), "start", &one.label);
        y += 18.0;
    }
}

/// A line through points; nothing for a single one.
fn line(svg: &mut String, points: &[(f64, f64)], colour: &str, dashes: &str) {
    let points: Vec<_> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let dashed =
        if dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dashes}\"") };
    // Writing to a string cannot fail.
    let _infallible = writeln!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"{dashed}/>",
        points.join(" ")
    );
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, words: &str) {
    let _infallible = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"#262626\">{words}</text>"
    );
}

#[cfg(test)]
mod tests {
    use super::{Series, draw, plot, series};
    use crate::load::report::{Written, WrittenScenario};

    fn scenario(name: &str, offered_per_second: u64, p50_ms: f64) -> WrittenScenario {
        let (name, p99_ms) = (name.to_owned(), 10.0);
        WrittenScenario { name, payments_per_transaction: 1, offered_per_second, p50_ms, p99_ms }
    }

    fn report() -> Written {
        let scenarios = vec![
            scenario("rate-1000", 1000, 5.0),
            scenario("light", 10, 2.0),
            scenario("saturation", 3000, 300.0),
            scenario("wan-10", 10, 70.0),
        ];
        Written { validators: 4, accounts: 100, bound_per_second: 20_000, scenarios }
    }

    #[test]
    fn only_open_loops_are_points_in_the_order_of_their_rates() {
        let series = series(&report());
        assert_eq!(series.p50, [(10.0, 2.0), (1000.0, 5.0)]);
        assert_eq!(series.p99, [(10.0, 10.0), (1000.0, 10.0)]);
        assert_eq!(series.label, "4 validators, 100 accounts");
    }

    #[test]
    fn a_picture_has_a_circle_for_each_point_and_a_line_for_each_bound() {
        let one = series(&report());
        let other = Series { label: "10 validators".to_owned(), ..one.clone() };
        let svg = draw(&[one, other]);
        assert_eq!(svg.matches("<circle").count(), 8);
        assert_eq!(svg.matches("stroke-dasharray=\"2 4\"").count(), 2);
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert!(svg.contains(">10 validators<") && !svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn what_is_no_report_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        for (text, reason) in [
            ("{}", "bench cluster --output json"),
            (
                "{\"validators\":4,\"accounts\":1,\"bound_per_second\":9,\"scenarios\":[]}",
                "no open loop",
            ),
        ] {
            std::fs::write(&path, text).unwrap();
            assert!(plot(&[&path]).unwrap_err().to_string().contains(reason), "{text}");
        }
    }
}
