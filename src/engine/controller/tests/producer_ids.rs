//! Blocks of producer ids, and who is given one (KIP-730).

use kafka_protocol::messages::AllocateProducerIdsRequest;

use crate::engine::controller::tests::harness::Harness;
use crate::engine::protocol::{Request, Response};

/// Broker `of` with this epoch asks broker `asked` for ids: the first of its block, or the error.
fn ask(harness: &mut Harness, asked: i32, of: i32, epoch: i64) -> Result<(i64, i32), i16> {
    let request =
        AllocateProducerIdsRequest::default().with_broker_id(of.into()).with_broker_epoch(epoch);
    harness.ask(asked, 0, Request::AllocateProducerIds(request));
    harness.wait_ms(100);
    match harness.answers.pop() {
        Some(Response::AllocateProducerIds(response)) if response.error_code == 0 => {
            Ok((response.producer_id_start.0, response.producer_id_len))
        }
        Some(Response::AllocateProducerIds(response)) => Err(response.error_code),
        other => panic!("not answered: {other:?}"),
    }
}

fn epoch_of(harness: &Harness, broker: i32) -> i64 {
    harness.stub(broker).control.broker_epoch().0
}

#[test]
fn every_broker_is_given_the_next_thousand_ids_and_the_znode_tells_of_the_last() {
    let mut harness = Harness::cluster(2);
    let (one, two) = (epoch_of(&harness, 1), epoch_of(&harness, 2));
    assert_eq!(ask(&mut harness, 1, 1, one), Ok((0, 1_000)));
    assert_eq!(ask(&mut harness, 1, 2, two), Ok((1_000, 1_000)));
    let expected = r#"{"version":1,"broker":2,"block_start":"1000","block_end":"1999"}"#;
    assert_eq!(harness.data("/latest_producer_id_block").as_deref(), Some(expected));
}

#[test]
fn a_new_controller_goes_on_where_the_old_one_stopped() {
    let mut harness = Harness::cluster(2);
    let (one, two) = (epoch_of(&harness, 1), epoch_of(&harness, 2));
    assert_eq!(ask(&mut harness, 1, 1, one), Ok((0, 1_000)));
    harness.kill(1);
    harness.wait_ms(8_000);
    assert_eq!(ask(&mut harness, 2, 2, two), Ok((1_000, 1_000)));
}

#[test]
fn an_earlier_registration_and_a_broker_that_is_not_there_are_refused() {
    let mut harness = Harness::cluster(2);
    let two = epoch_of(&harness, 2);
    assert_eq!(ask(&mut harness, 1, 2, two - 1), Err(77), "STALE_BROKER_EPOCH");
    assert_eq!(ask(&mut harness, 1, 9, two), Err(102), "BROKER_ID_NOT_REGISTERED");
    assert_eq!(ask(&mut harness, 2, 2, two), Err(41), "NOT_CONTROLLER");
    assert_eq!(ask(&mut harness, 1, 2, two), Ok((0, 1_000)), "a refusal takes no ids");
}
