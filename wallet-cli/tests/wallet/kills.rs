//! The wallet or the network dies at every step, and the same command pays exactly once.

use super::stub::home::Home;
use super::trace;

/// The most system calls at which one command is killed. They are spread over all that it makes.
const MOST: usize = 60;

/// A command is killed at each of these stops.
fn points(stops: usize) -> impl Iterator<Item = usize> {
    let most = stops.min(MOST);
    (0..most).map(move |point| 1 + point * stops / most)
}

fn posted(home: &Home) -> u128 {
    home.world().posted("lee", "CNY")
}

#[test]
fn a_wallet_that_is_killed_at_any_step_of_pay_pays_once() {
    let home = Home::new(1);
    let words = ["pay", "@lee", "0.01 CNY", "--from", "@wei"];
    let whole = trace::run(&home, &words, None);
    assert_eq!(whole.ended.code, 0, "{:?}", whole.ended);
    let mut killed_before_telling = 0;
    for stop in points(whole.stops) {
        let before = posted(&home);
        let killed = trace::run(&home, &words, Some(stop)).ended;
        let is_told = killed.stdout.contains("Paid 0.01 CNY to lee");
        killed_before_telling += usize::from(!is_told);
        if !is_told || !home.outbox().is_empty() {
            let again = home.run(&words).with_code(0);
            assert!(again.stdout.contains("Paid 0.01 CNY to lee"), "{stop} {again:?}");
        }
        assert_eq!(posted(&home), before + 1, "killed at {stop} of {}: {killed:?}", whole.stops);
        assert!(home.outbox().is_empty());
    }
    assert!(killed_before_telling >= 50, "{killed_before_telling}");
}

#[test]
fn a_wallet_that_is_killed_at_any_step_pays_once_under_an_id() {
    let home = Home::new(1);
    let words =
        |id: &str| ["pay", "@lee", "0.01 CNY", "--from", "@wei", "--id", id].map(str::to_owned);
    let run = |number: usize, stop: Option<usize>| {
        let words = words(&format!("00000000-0000-4000-8000-{number:012}"));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let traced = trace::run(&home, &words, stop);
        // Whatever happened: the same command again.
        home.run(&words).with_code(0);
        traced.stops
    };
    let stops = run(0, None);
    for (paid, stop) in (2..).zip(points(stops)) {
        run(stop, Some(stop));
        assert_eq!(posted(&home), paid, "killed at {stop} of {stops}");
    }
}

/// The command that pays a file.
fn words(file: &str) -> [&str; 7] {
    ["pay", "--file", file, "--from", "@wei", "--output", "json"]
}

const ROWS: &str = "payee,amount\n@lee,0.01 CNY\n@lee,0.02 CNY\n@lee,0.01 CNY\n";

/// Writes a new file of payments, which come to 4 cents.
fn payments(home: &Home, number: usize) -> String {
    let name = format!("{number}.csv");
    std::fs::write(home.path(&name), ROWS).unwrap();
    name
}

#[test]
fn a_wallet_that_is_killed_at_any_step_pays_each_row_once() {
    let home = Home::new(1);
    let first = payments(&home, 0);
    let whole = trace::run(&home, &words(&first), None);
    assert_eq!(whole.ended.code, 0, "{:?}", whole.ended);
    for stop in points(whole.stops) {
        let before = posted(&home);
        let file = payments(&home, stop);
        trace::run(&home, &words(&file), Some(stop));
        let again = home.run(&words(&file)).with_code(0).json();
        assert_eq!(posted(&home), before + 4, "killed at {stop} of {}", whole.stops);
        let (paid, known) = (&again["paid"], &again["paid_before"]);
        assert_eq!(paid.as_u64().unwrap() + known.as_u64().unwrap(), 3, "{again}");
        assert!(home.outbox().is_empty());
        let third = home.run(&words(&file)).with_code(0).json();
        assert_eq!((&third["paid"], &third["paid_before"]), (&0.into(), &3.into()));
    }
    assert_eq!(posted(&home), 4 * (points(whole.stops).count() as u128 + 1));
}

#[test]
fn a_network_that_dies_at_any_step_leaves_one_payment() {
    let home = Home::new(1);
    let words = ["pay", "@lee", "0.01 CNY", "--from", "@wei", "--timeout", "1"];
    let mut deaths = 0;
    loop {
        let before = posted(&home);
        home.nodes[0].die_after(deaths);
        let ended = home.run(&words);
        if !home.nodes[0].revive() {
            ended.with_code(0);
            break;
        }
        assert!(matches!(ended.code, 0 | 5 | 6), "{ended:?}");
        if ended.code != 0 {
            home.run(&words).with_code(0);
        }
        assert_eq!(posted(&home), before + 1, "died after {deaths} steps");
        deaths += 1;
    }
    assert!(deaths >= 12, "{deaths}");
}

#[test]
fn a_network_that_dies_at_any_step_leaves_each_row_paid_once() {
    let home = Home::new(1);
    let mut deaths = 0;
    loop {
        let before = posted(&home);
        let file = payments(&home, deaths);
        let words = ["pay", "--file", &file, "--from", "@wei", "--timeout", "1"];
        home.nodes[0].die_after(deaths);
        let ended = home.run(&words);
        if !home.nodes[0].revive() {
            ended.with_code(0);
            break;
        }
        assert!(matches!(ended.code, 0 | 5 | 6), "{ended:?}");
        home.run(&words).with_code(0);
        assert_eq!(posted(&home), before + 4, "died after {deaths} steps");
        deaths += 1;
    }
    assert!(deaths >= 21, "{deaths}");
}
