//! QR codes: in the terminal, as SVG and as PNG.
//!
//! Invariants: dark is dark: the terminal's colours are set, not assumed, and every picture has the
//! standard's quiet zone of four modules. Absent: what the codes say.

mod png;

use qrcode::{Color, EcLevel, QrCode};

use crate::code::Own;
use crate::fault::Fault;
use crate::language::say;

/// The standard's border, in modules.
const QUIET: usize = 4;

/// The border in a terminal, whose own margin adds to it.
const QUIET_IN_TERMINAL: usize = 2;

/// The side of a module in a PNG, in pixels.
const SCALE: usize = 8;

/// Black on white, whatever the terminal's colours are.
const INK: &str = "\u{1b}[38;5;16m\u{1b}[48;5;231m";
const PLAIN: &str = "\u{1b}[0m";

/// A code's modules.
pub(crate) struct Code {
    side: usize,
    modules: Vec<bool>,
}

impl Code {
    /// The code of `text`, which still reads when an eighth of it is damaged.
    ///
    /// # Errors
    /// A usage fault for a text that is too long.
    pub(crate) fn new(text: &str) -> Result<Self, Fault> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| {
            let detail = say!("The text is too long for a code.", "文本过长，无法生成二维码。");
            Fault::usage(Own::TooLongForCode, detail, say!("Shorten it.", "请缩短。"))
        })?;
        let modules = code.to_colors().iter().map(|color| *color == Color::Dark).collect();
        Ok(Self { side: code.width(), modules })
    }

    /// True if the module is dark; the border is light.
    fn is_dark(&self, column: usize, row: usize, quiet: usize) -> bool {
        let place = |at: usize| at.checked_sub(quiet).filter(|at| *at < self.side);
        let (Some(column), Some(row)) = (place(column), place(row)) else { return false };
        self.modules.get(row * self.side + column).copied().unwrap_or_default()
    }

    /// Lines for a terminal, two modules in each character.
    pub(crate) fn terminal(&self) -> String {
        let whole = self.side + 2 * QUIET_IN_TERMINAL;
        let mut lines = Vec::new();
        for row in (0..whole).step_by(2) {
            let mut line = INK.to_owned();
            for column in 0..whole {
                let dark = |row| self.is_dark(column, row, QUIET_IN_TERMINAL);
                line.push(match (dark(row), dark(row + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            line.push_str(PLAIN);
            lines.push(line);
        }
        lines.join("\n")
    }

    /// An SVG document.
    pub(crate) fn svg(&self) -> String {
        let whole = self.side + 2 * QUIET;
        let mut path = String::new();
        for row in 0..whole {
            for column in (0..whole).filter(|column| self.is_dark(*column, row, QUIET)) {
                path.push_str(&format!("M{column} {row}h1v1h-1z"));
            }
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {whole} {whole}\" \
             shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{whole}v{whole}H0z\"/>\
             <path d=\"{path}\"/></svg>\n"
        )
    }

    /// A PNG file.
    pub(crate) fn png(&self) -> Vec<u8> {
        let side = (self.side + 2 * QUIET) * SCALE;
        png::bilevel(side, |column, row| self.is_dark(column / SCALE, row / SCALE, QUIET))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "feiqian:fqd1qqqqqqqqqqqqqqqqqqqqqqqqqqqsj6gql?chain=0707070707070707";

    #[test]
    fn a_reader_reads_what_was_written() {
        for text in [TEXT.to_owned(), TEXT.repeat(6)] {
            let code = Code::new(&text).unwrap();
            let side = (code.side + 2 * QUIET) * SCALE;
            let mut picture = rqrr::PreparedImage::prepare_from_bitmap(side, side, |x, y| {
                code.is_dark(x / SCALE, y / SCALE, QUIET)
            });
            let (_, read) = picture.detect_grids()[0].decode().unwrap();
            assert_eq!(read, text);
        }
    }

    #[test]
    fn the_terminal_shows_the_same_modules() {
        let code = Code::new(TEXT).unwrap();
        let lines: Vec<Vec<char>> = code
            .terminal()
            .lines()
            .map(|line| line.trim_start_matches(INK).trim_end_matches(PLAIN).chars().collect())
            .collect();
        for row in 0..code.side {
            for column in 0..code.side {
                let at = (row + QUIET_IN_TERMINAL, column + QUIET_IN_TERMINAL);
                let letter = lines[at.0 / 2][at.1];
                let dark =
                    letter == '█' || letter == if at.0.is_multiple_of(2) { '▀' } else { '▄' };
                assert_eq!(dark, code.modules[row * code.side + column], "{row} {column}");
            }
        }
    }

    #[test]
    fn a_text_that_is_too_long_is_refused() {
        let refused = Code::new(&"x".repeat(5000)).err().unwrap();
        assert_eq!(refused.code, "too-long-for-code");
    }
}
