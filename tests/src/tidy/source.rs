//! One Rust file as the rules see it: its words with their lines, and which lines are tests.

use std::{collections::BTreeSet, ops::RangeInclusive, str::FromStr as _};

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::{Attribute, Meta, spanned::Spanned as _, visit::Visit};

/// One token: an identifier, a literal, a single punctuation character or a bracket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Word {
    pub(super) text: String,
    /// From 1.
    pub(super) line: usize,
}

/// A function with its size.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) line: usize,
    /// Lines with code on them, from its first word to its closing bracket.
    pub(super) code_lines: usize,
}

/// A `mod name;` whose code is in a file of its own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Declaration {
    /// The names of the inline modules around it, then its own.
    pub(super) names: Vec<String>,
    /// The file that a `#[path]` names.
    pub(super) file: Option<String>,
    /// Whether it is compiled for tests only.
    pub(super) test: bool,
}

/// A Rust file after parsing.
#[derive(Clone, Debug, Default)]
pub(super) struct Source {
    /// Every token outside of comments, in order.
    pub(super) words: Vec<Word>,
    /// The full paths that `use` items import.
    pub(super) imports: Vec<Word>,
    pub(super) functions: Vec<Function>,
    pub(super) declarations: Vec<Declaration>,
    /// Lines that belong to items compiled for tests only.
    test_lines: BTreeSet<usize>,
    /// Lines inside a `while` or `loop`.
    loop_lines: BTreeSet<usize>,
}

impl Source {
    /// Parses a file; the error names the line and what the compiler would say.
    pub(super) fn parse(text: &str) -> Result<Self, (usize, String)> {
        let located = |error: syn::Error| (error.span().start().line, error.to_string());
        let tokens = TokenStream::from_str(text)
            .map_err(|error| (error.span().start().line, error.to_string()))?;
        let file: syn::File = syn::parse2(tokens.clone()).map_err(located)?;
        let mut source = Self::default();
        collect_words(tokens, text, &mut source.words);
        let code = source.words.iter().map(|word| word.line).collect();
        let mut visitor = Visitor { source: &mut source, code, inside: Vec::new() };
        visitor.visit_file(&file);
        Ok(source)
    }

    /// Whether the line belongs to a test module or test function.
    pub(super) fn is_test(&self, line: usize) -> bool {
        self.test_lines.contains(&line)
    }

    /// Whether the line is inside a `while` or `loop`.
    pub(super) fn is_looped(&self, line: usize) -> bool {
        self.loop_lines.contains(&line)
    }

    /// The tokens outside of tests.
    pub(super) fn product_words(&self) -> impl Iterator<Item = &Word> {
        self.words.iter().filter(|word| !self.is_test(word.line))
    }

    /// The number of lines with code on them, tests not counted.
    pub(super) fn code_lines(&self) -> usize {
        self.product_words().map(|word| word.line).collect::<BTreeSet<_>>().len()
    }

    /// The lines at which these tokens stand one after the other.
    pub(super) fn find(&self, pattern: &[&str]) -> Vec<usize> {
        let matches = |window: &&[Word]| window.iter().zip(pattern).all(|(w, p)| w.text == *p);
        self.words.windows(pattern.len()).filter(matches).map(|window| window[0].line).collect()
    }
}

/// Doc comments are tokens to the compiler but comments to a reader, so they are passed over.
fn collect_words(tokens: TokenStream, text: &str, words: &mut Vec<Word>) {
    let lines: Vec<&str> = text.lines().collect();
    collect(tokens, &lines, words);
}

fn collect(tokens: TokenStream, lines: &[&str], words: &mut Vec<Word>) {
    for token in tokens {
        if is_comment(token.span(), lines) {
            continue;
        }
        match token {
            TokenTree::Group(group) => {
                let (open, close) = brackets(group.delimiter());
                push(words, open, group.span_open());
                collect(group.stream(), lines, words);
                push(words, close, group.span_close());
            }
            TokenTree::Ident(name) => push(words, &name.to_string(), name.span()),
            TokenTree::Punct(mark) => push(words, &mark.as_char().to_string(), mark.span()),
            TokenTree::Literal(literal) => {
                let (first, last) = (literal.span().start().line, literal.span().end().line);
                push(words, &literal.to_string(), literal.span());
                // A string over several lines is code on each of them.
                words.extend((first + 1..=last).map(|line| Word { text: String::new(), line }));
            }
        }
    }
}

fn push(words: &mut Vec<Word>, text: &str, span: Span) {
    if !text.is_empty() {
        words.push(Word { text: text.to_owned(), line: span.start().line });
    }
}

fn brackets(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

fn is_comment(span: Span, lines: &[&str]) -> bool {
    let start = span.start();
    let line = lines.get(start.line.saturating_sub(1)).copied().unwrap_or_default();
    let rest: String = line.chars().skip(start.column).take(2).collect();
    rest == "//" || rest == "/*"
}

struct Visitor<'a> {
    source: &'a mut Source,
    code: BTreeSet<usize>,
    inside: Vec<(String, bool)>,
}

impl Visitor<'_> {
    fn note_function(&mut self, name: &syn::Ident, span: Span, body: Span) {
        let (first, last) = (span.start().line, body.end().line);
        let code_lines = self.code.range(first..=last).count();
        let function = Function { name: name.to_string(), line: first, code_lines };
        self.source.functions.push(function);
    }

    fn note_test(&mut self, attributes: &[Attribute], span: Span) {
        if attributes.iter().any(is_test_only) {
            let first = attributes.iter().map(|a| a.span().start().line).min();
            let first = first.unwrap_or(usize::MAX).min(span.start().line);
            self.source.test_lines.extend(first..=span.end().line);
        }
    }
}

impl<'ast> Visit<'ast> for Visitor<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        self.note_test(attributes_of(item), item.span());
        syn::visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let test = item.attrs.iter().any(is_test_only);
        self.inside.push((item.ident.to_string(), test));
        if item.content.is_none() {
            self.source.declarations.push(Declaration {
                names: self.inside.iter().map(|(name, _)| name.clone()).collect(),
                file: item.attrs.iter().find_map(path_of),
                test: self.inside.iter().any(|(_, test)| *test),
            });
        }
        syn::visit::visit_item_mod(self, item);
        self.inside.pop();
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.note_function(&item.sig.ident, item.sig.span(), item.block.span());
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.note_test(&item.attrs, item.span());
        self.note_function(&item.sig.ident, item.sig.span(), item.block.span());
        syn::visit::visit_impl_item_fn(self, item);
    }

    fn visit_expr_while(&mut self, item: &'ast syn::ExprWhile) {
        self.source.loop_lines.extend(lines(item.span()));
        syn::visit::visit_expr_while(self, item);
    }

    fn visit_expr_loop(&mut self, item: &'ast syn::ExprLoop) {
        self.source.loop_lines.extend(lines(item.span()));
        syn::visit::visit_expr_loop(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        expand(&item.tree, &mut Vec::new(), &mut self.source.imports);
    }
}

fn lines(span: Span) -> RangeInclusive<usize> {
    span.start().line..=span.end().line
}

fn expand(tree: &syn::UseTree, prefix: &mut Vec<String>, imports: &mut Vec<Word>) {
    let mut import = |last: &syn::Ident, prefix: &[String]| {
        let whole: Vec<_> = prefix.iter().cloned().chain([last.to_string()]).collect();
        imports.push(Word { text: whole.join("::"), line: last.span().start().line });
    };
    match tree {
        syn::UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            expand(&path.tree, prefix, imports);
            prefix.pop();
        }
        syn::UseTree::Name(name) => import(&name.ident, prefix),
        syn::UseTree::Rename(rename) => import(&rename.ident, prefix),
        syn::UseTree::Glob(glob) => imports
            .push(Word { text: prefix.join("::"), line: glob.star_token.span().start().line }),
        syn::UseTree::Group(group) => {
            group.items.iter().for_each(|tree| expand(tree, prefix, imports));
        }
    }
}

fn attributes_of(item: &syn::Item) -> &[Attribute] {
    use syn::Item;
    #[expect(clippy::wildcard_enum_match_arm, reason = "syn's enum; only these hold code")]
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// `#[test]`, `#[cfg(test)]` and `#[cfg(all(test, ..))]`.
fn is_test_only(attribute: &Attribute) -> bool {
    if let Meta::List(list) = &attribute.meta
        && list.path.is_ident("cfg")
    {
        let condition = list.tokens.to_string();
        return condition == "test" || condition.starts_with("all (test");
    }
    attribute.path().segments.last().is_some_and(|name| name.ident == "test")
}

/// The file in `#[path = "file"]`.
fn path_of(attribute: &Attribute) -> Option<String> {
    if let Meta::NameValue(pair) = &attribute.meta
        && pair.path.is_ident("path")
        && let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(file), .. }) = &pair.value
    {
        return Some(file.value());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::Source;

    const SAMPLE: &str = "\
//! Opening.
use std::{fs, io::Read as _};
mod outer {
    #[cfg(test)]
    mod inner;
}
/// Says.
// why
fn two() -> u8 {
    1 }
#[cfg(test)]
mod tests {
    /// Doc.
    #[test]
    fn long() {
        assert!(true);
    }
}
";

    #[test]
    fn comments_and_tests_are_not_code() {
        let source = Source::parse(SAMPLE).unwrap();
        assert_eq!(source.code_lines(), 5);
        assert!(!source.is_test(10) && source.is_test(11) && source.is_test(18));
    }

    #[test]
    fn functions_declarations_and_imports_are_found() {
        let source = Source::parse(SAMPLE).unwrap();
        let functions: Vec<_> =
            source.functions.iter().map(|f| (f.name.as_str(), f.line, f.code_lines)).collect();
        assert_eq!(functions, [("two", 9, 2), ("long", 15, 3)]);
        let declared = &source.declarations[0];
        assert_eq!((declared.names.join("/"), declared.test), ("outer/inner".to_owned(), true));
        let imports: Vec<_> = source.imports.iter().map(|i| i.text.as_str()).collect();
        assert_eq!(imports, ["std::fs", "std::io::Read"]);
    }

    #[test]
    fn patterns_are_found_in_code_but_not_in_strings_or_comments() {
        let text = "fn f() {\n// x.unwrap()\nlet s = \"x.unwrap()\";\nx.unwrap();\n}\n";
        assert_eq!(Source::parse(text).unwrap().find(&[".", "unwrap", "("]), [4]);
    }

    #[test]
    fn what_does_not_parse_is_an_error_with_its_line() {
        let (line, _) = Source::parse("fn f() {\n let = 1;\n}\n").unwrap_err();
        assert_eq!(line, 2);
    }
}
