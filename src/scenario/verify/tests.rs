//! Every kind of predicate, on worlds where it holds and where it does not.

use super::*;
use crate::scenario::parser::parse;
use crate::scenario::printer::print;

const KILL: &str = "brokers 3\nseed 1\nset replica.lag.time.max.ms=10000\ntopic t: b1>b2>b3 | b2>b3>b1\n\
    at 1.5s producer web{topic=t, rate=10, keys=3}\nat 1.5s consumer app{topic=t}\n\
    moment crash=10s\nat crash kill b1\nuntil=40s\n";

fn answers(world: &str, expectations: &[&str]) -> Vec<(bool, String)> {
    let lines: String = expectations.iter().map(|line| format!("{line}\n")).collect();
    let scenario = parse(&format!("{world}{lines}")).expect("a sound text");
    let again = parse(&print(&scenario)).expect("what was printed is read");
    assert_eq!(again, scenario, "{}", print(&scenario));
    let verified = verify(&scenario, |_, _| {}).expect("it runs");
    verified.answers.into_iter().map(|answer| (answer.holds, answer.found)).collect()
}

fn all_hold(world: &str, expectations: &[&str]) {
    for (line, (holds, found)) in expectations.iter().zip(answers(world, expectations)) {
        assert!(holds, "{line}: found {found}");
    }
}

fn none_holds(world: &str, expectations: &[&str]) {
    for (line, (holds, found)) in expectations.iter().zip(answers(world, expectations)) {
        assert!(!holds, "{line}: found {found}");
    }
}

#[test]
fn expectations_about_the_cluster_are_answered_at_their_moments() {
    all_hold(
        KILL,
        &[
            "at 9s expect t-0.leader = b1",
            "at crash expect not b1.up",
            "at crash+1s expect t-0.leader = b1",
            "expect t-0.leader = b2",
            "expect t-0.isr = b3>b2",
            "expect t-0.replicas = b1>b2>b3",
            "expect t-0.epoch = 2",
            "expect b2.up",
            "expect zk.up",
            "expect web.up",
            "expect t exists",
            "expect t.n = 2",
            "expect t.rf = 3",
            "expect t-1.hw > 100",
            "expect t-1.start = 0",
            "expect t-1.leo(b2) >= 100",
            "expect t-1.segments(b2) = 0",
            "expect zk[/brokers/ids/2]",
            "expect not zk[/brokers/ids/1]",
            "expect not controller = b1",
            "expect web.failed = 0",
            "expect web.sent >= 380",
            "expect app.received > 300",
            "expect app.pos(t-1) > 100",
        ],
    );
}

#[test]
fn expectations_about_events_are_answered_from_what_passed() {
    all_hold(
        KILL,
        &[
            "expect some ProcessKilled{node=b1}",
            "expect some LeaderElected{partition=t-0, leader=b2, reason=LeaderDied}",
            "expect no LeaderElected{partition=t-0, leader=b3}",
            "expect count ProcessKilled = 1",
            "expect time SessionExpired{client=b1} < 40s",
            "expect ProcessKilled before SessionExpired{client=b1}",
            "expect no InvariantBroken",
            "expect no CommittedRecordsLost",
            "expect leaderless(t-0) >= 5s",
            "expect leaderless(t-0) < 30s",
            "expect leaderless(t-1) < 1s",
        ],
    );
    none_holds(
        KILL,
        &[
            "expect some ProcessKilled{node=b2}",
            "expect no ProcessKilled",
            "expect SessionExpired before ProcessKilled",
            "expect time LinkCut < 40s",
            "at 9s expect some ProcessKilled",
        ],
    );
}

#[test]
fn lost_records_are_those_that_were_acked_and_that_no_leader_has() {
    let world = "brokers 3\nseed 1\nset replica.lag.time.max.ms=10000\ntopic t: b1>b2>b3\n\
        producer p{topic=t, acks=1}\nat 5s hold b1-b2\nat 5s hold b1-b3\n\
        at 6s send p m\nat 8s kill b1\nuntil=40s\n";
    let expectations = ["expect no lost", "expect copies(m) = 0", "at 7s expect no lost"];
    let found = answers(world, &expectations);
    assert_eq!(found[0], (false, "1: m".to_owned()));
    assert_eq!(found[1], (true, "0".to_owned()));
    assert!(found[2].0, "the leader has it still");
    all_hold(KILL, &["expect no lost", "expect no duplicated", "expect inOrder"]);
}

#[test]
fn a_log_is_named_by_the_values_in_it() {
    let world =
        "brokers 1\nseed 1\ntopic t p1 rf1\nproducer p{topic=t}\nat 3s send p m1 \"two words\"\n";
    all_hold(
        world,
        &[
            "at 2s expect t-0.log(b1) = none",
            "expect t-0.log(b1) = m1>\"two words\"",
            "at 2.5s expect t-0.leo(b1) = 0",
        ],
    );
}

#[test]
fn slips_in_expectations_are_named_with_place_and_suggestion() {
    let refused = |line: &str| parse(&format!("{KILL}{line}\n")).expect_err("a slip").to_string();
    let cases = [
        ("expect t-0.leeder = b1", "column 12: unknown field leeder; did you mean leader?"),
        (
            "expect no LeaderElectd",
            "column 11: unknown event-kind LeaderElectd; did you mean LeaderElected?",
        ),
        (
            "expect some LeaderElected{leeder=b1}",
            "column 27: unknown field leeder; did you mean leader?",
        ),
        ("expect some LeaderElected{reason=Leader}", "column 34: unknown value Leader"),
        ("expect web2.up", "column 8: unknown host web2; did you mean web?"),
        ("expect b4.up", "column 8: unknown host b4"),
        ("expect order-0.hw = 1", "column 8: unknown topic order"),
        ("expect t-0.hw = x", "column 17: expected number, found x"),
        ("expect t-0.hw 5", "column 15: expected comparison, found 5"),
        ("expect los", "column 8: unknown predicate los"),
        ("at crush expect no lost", "column 4: unknown moment crush; did you mean crash?"),
        ("at crash+2 expect no lost", "column 10: expected time, found 2"),
        ("moment crash=7s", "column 8: crash is already given"),
        ("expect some LeaderElected{leader=b1", "expected }"),
        ("expect not not no lost", "unknown predicate not"),
        ("expect acked web", "column 14: expected (, found web"),
        ("expect acks(m) = 2", "column 18: unknown value 2"),
        ("expect result(m) = ackd(1)", "column 20: unknown value ackd; did you mean acked?"),
        ("expect result(m) = failed(x)", "column 27: expected number, found x"),
        ("expect ap.seen(m)", "column 8: unknown client ap; did you mean app?"),
        ("expect backlog(web2) = 0", "column 16: unknown client web2; did you mean web?"),
        ("expect majority(orders-0) = 0", "column 17: unknown topic orders"),
        ("expect file(b7, t-0/*)", "column 13: unknown host b7"),
        ("expect some ProcessKilled after", "column 32: expected value"),
    ];
    for (line, wanted) in cases {
        let error = refused(line);
        assert!(error.contains(wanted), "{line}: {error}");
    }
}

/// Two records: `kept` is everywhere, `gone` only on the leader that dies.
const GONE: &str = "brokers 3\nseed 1\ntopic t: b1>b2>b3\nproducer p{topic=t, acks=1}\n\
    consumer app{topic=t, group=g, work=10ms}\nat 4s send p kept\nat 6s hold b1-b2\n\
    at 6s hold b1-b3\nat 7s send p gone\nat 9s kill b1\nuntil=40s\n";

#[test]
fn a_single_record_is_asked_what_became_of_it() {
    all_hold(
        GONE,
        &[
            "at 7s expect result(gone) = none",
            "at 8s expect acked(gone)",
            "at 8s expect settled(gone)",
            "at 8s expect copies(gone) = 1",
            "at 8s expect not lost(gone)",
            "at 10s expect t-0.leader = b1",
            "expect acks(gone) = 1",
            "expect offset(gone) = 1",
            "expect result(gone) = acked(1)",
            "expect lost(gone)",
            "expect copies(gone) = 0",
            "expect result(kept) = acked(0)",
        ],
    );
    none_holds(
        GONE,
        &[
            "at 7s expect acked(gone)",
            "at 7s expect settled(gone)",
            "at 7s expect offset(gone) = 1",
            "at 8s expect lost(gone)",
            "expect acks(gone) = all",
            "expect acks(gone) = 0",
            "expect result(gone) = failed(7)",
            "expect result(gone) = none",
            "expect lost(kept)",
            "expect acked(never-sent)",
            "expect settled(never-sent)",
            "expect lost(never-sent)",
        ],
    );
}

#[test]
fn a_record_is_not_settled_while_it_travels_or_nobody_leads() {
    let world = "brokers 2\nseed 1\nlink 20ms\ntopic t: b2\nproducer p{topic=t, acks=0}\n\
        at 3s send p before\nat 4s send p m\nat 6s kill b2\nuntil=30s\n";
    all_hold(
        world,
        &["at 4.01s expect acked(m)", "at 5s expect settled(m)", "expect t-0.leader = none"],
    );
    none_holds(
        world,
        &["at 4.01s expect settled(m)", "at 4.01s expect lost(m)", "expect settled(m)"],
    );
}

#[test]
fn a_failure_is_told_with_its_error() {
    let world = "brokers 3\nseed 1\ntopic t: b1>b2>b3 {min.insync.replicas=2}\n\
        producer p{topic=t, request.timeout.ms=3000, delivery.timeout.ms=20000}\n\
        at 3s kill b2\nat 3s kill b3\nat 35s send p m\nuntil=70s\n";
    all_hold(
        world,
        &[
            "expect result(m) = failed(7)",
            "expect not acked(m)",
            "expect some MessageSent{api=Produce, response=true, to=p, error=7|19|20} after m",
        ],
    );
    none_holds(world, &["expect acked(m)", "expect result(m) = failed(19)", "expect lost(m)"]);
}

#[test]
fn an_event_after_a_record_is_one_that_passed_since_it_was_sent() {
    let elected = "some LeaderElected{partition=t-0, leader=b2, reason=LeaderDied} after";
    all_hold(GONE, &[&format!("expect {elected} kept"), &format!("expect {elected} gone")]);
    none_holds(
        GONE,
        &[
            &format!("expect {elected} never-sent"),
            "expect some LeaderElected{partition=t-0, reason=NewPartition} after kept",
            "at 8s expect some ProcessKilled after gone",
        ],
    );
}

#[test]
fn a_consumer_has_seen_what_it_was_given_and_is_done_with_what_it_processed() {
    let world = "brokers 3\nseed 1\ntopic t: b1\nproducer p{topic=t}\n\
        consumer app{topic=t, group=g, work=5000ms, from=beginning}\n\
        at 20s send p first\nat 30s send p second\nat 31s send p third\nuntil=36s\n";
    all_hold(
        world,
        &[
            "at 22s expect app.seen(first)",
            "at 22s expect backlog(app) = 1",
            "expect app.done(first)",
            "expect app.seen(second)",
            "expect app.done(second)",
            "expect backlog(app) = 1",
        ],
    );
    none_holds(
        world,
        &[
            "at 19s expect app.seen(first)",
            "at 22s expect app.done(first)",
            "expect app.done(third)",
            "expect app.seen(never-sent)",
            "expect backlog(app) = 0",
        ],
    );
    none_holds(GONE, &["expect app.seen(gone)", "expect app.done(gone)"]);
}

#[test]
fn a_majority_is_more_than_half_of_the_replicas() {
    all_hold(GONE, &["at 8s expect t-0.leo(b1) = 2", "at 8s expect majority(t-0) = 1"]);
    none_holds(GONE, &["at 8s expect majority(t-0) = 2"]);
    let two = "brokers 2\nseed 1\ntopic t: b1>b2\nproducer p{topic=t, acks=1}\n\
        at 4s hold b1-b2\nat 5s send p m\nuntil=7s\n";
    all_hold(two, &["expect t-0.leo(b1) = 1", "expect majority(t-0) = 0"]);
}

#[test]
fn files_of_a_brokers_log_directory_are_there_or_not() {
    all_hold(GONE, &["expect file(b1, t-0/00000000000000000000.log)", "expect file(b2, t-0/*)"]);
    none_holds(
        GONE,
        &["expect file(b1, t-0/00000000000000000001.log)", "expect file(b1, \"u-*\")"],
    );
}
