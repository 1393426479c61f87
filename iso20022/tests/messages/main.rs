//! Messages from outside against the whole package: samples, verdicts, schemas, hostile input.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod others;
#[cfg(test)]
mod recalls;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod schemas;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod support;
#[cfg(test)]
mod verdicts;
