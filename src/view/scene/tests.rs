//! What holds of every scene: shared scales, nothing over anything else, honest places in time.

use super::focus::{Arrow, step, targets};
use super::link::LinkState;
use super::moving::{BurstView, fraction, hit, messages};
use super::path::{Point, Rect};
use super::sample::{cluster, replica, with_groups};
use super::strip::{CellState, Lod, Log};
use super::*;
use crate::engine::event::DropReason;
use crate::engine::ids::{ClientId, LeaderEpoch};
use crate::engine::protocol::Api;
use crate::engine::time::Micros;
use crate::view::cluster::{MessageView, ProcessState, Role, SegmentView};

const WIDTHS: [f64; 7] = [360.0, 390.0, 600.0, 768.0, 1024.0, 1104.0, 1440.0];

fn draw(cluster: &ClusterView, width: f64) -> Scene {
    scene(Input { cluster, width, selection: &Selection::None, marks: &[], rebalances: &[] })
}

fn every_size(mut check: impl FnMut(&Scene, String)) {
    for width in WIDTHS {
        for brokers in 3..=5 {
            for partitions in 1..=3 {
                for (producers, consumers) in [(1, 0), (1, 1), (2, 1), (3, 2)] {
                    let scene = draw(&cluster(brokers, partitions, producers, consumers), width);
                    let name = format!(
                        "{width} px, {brokers} brokers, {partitions} partitions, {producers} producers, {consumers} consumers"
                    );
                    check(&scene, name);
                }
            }
        }
    }
}

fn message(from: NodeId, to: NodeId) -> MessageView {
    MessageView {
        id: EventId(7),
        from,
        to,
        api: Api::Produce,
        response: false,
        nth: 0,
        records: 3,
        error: 0,
        sent_at: Micros(1_000),
        arrives_at: Some(Micros(3_000)),
    }
}

const WEB: NodeId = NodeId::Client(ClientId(0));
const B1: NodeId = NodeId::Broker(BrokerId(1));
const B2: NodeId = NodeId::Broker(BrokerId(2));

#[test]
fn no_card_lies_over_another_and_none_leaves_the_stage() {
    every_size(|scene, name| {
        let cards = scene.cards();
        for (k, card) in cards.iter().enumerate() {
            assert!(card.x >= 0.0 && card.right() <= scene.width, "{name}: {card:?}");
            assert!(card.y >= 0.0 && card.bottom() <= scene.height, "{name}: {card:?}");
            let over = cards[k + 1..].iter().find(|other| card.overlaps(other));
            assert!(over.is_none(), "{name}: {card:?} lies over {over:?}");
        }
    });
}

#[test]
fn replicas_and_controls_stay_in_their_cards_and_clear_of_each_other() {
    every_size(|scene, name| {
        for broker in &scene.brokers {
            let mut inside: Vec<Rect> = broker.controls.iter().map(|(_, rect)| *rect).collect();
            inside.extend(broker.replicas.iter().map(|r| r.rect));
            for (k, rect) in inside.iter().enumerate() {
                assert!(
                    rect.x >= broker.rect.x && rect.right() <= broker.rect.right(),
                    "{name}: {rect:?}"
                );
                assert!(
                    rect.y >= broker.rect.y && rect.bottom() <= broker.rect.bottom(),
                    "{name}: {rect:?}"
                );
                assert!(
                    inside[k + 1..].iter().all(|o| !rect.overlaps(o)),
                    "{name}: {rect:?} in {inside:?}"
                );
            }
            for replica in &broker.replicas {
                assert!(replica.strip.rect.right() <= replica.rect.right() + 1.0, "{name}");
                assert!(replica.strip.leo.x <= replica.rect.right(), "{name}");
                let duct = scene.duct.expect("brokers have a duct");
                assert!(!duct.overlaps(&replica.strip.rect), "{name}");
            }
        }
        for producer in &scene.producers {
            let (select, send) = (producer.select, producer.send);
            assert!(!select.overlaps(&send), "{name}");
            for control in [select, send] {
                assert!(
                    control.right() <= producer.rect.right()
                        && control.bottom() <= producer.rect.bottom(),
                    "{name}"
                );
            }
            assert!(producer.rows.iter().all(|(_, _, y)| y + 8.0 <= select.y - 12.0), "{name}");
        }
    });
}

#[test]
fn a_finger_finds_its_targets_on_the_upright_stage() {
    every_size(|scene, name| {
        if scene.layout == Layout::Upright {
            let brokers =
                scene.brokers.iter().flat_map(|b| b.controls.iter().map(|(_, rect)| *rect));
            let producers = scene.producers.iter().flat_map(|p| [p.select, p.send]);
            let picker = scene.picker.iter().map(|(rect, _, _)| *rect);
            for target in brokers.chain(producers).chain(picker) {
                assert!(target.w >= 44.0 && target.h >= 44.0, "{name}: {target:?}");
            }
        }
    });
}

#[test]
fn gutters_are_wide_enough_to_see_something_travel() {
    every_size(|scene, name| {
        if scene.layout == Layout::Wide {
            let stack = scene.brokers[0].rect;
            for producer in &scene.producers {
                assert!(stack.x - producer.rect.right() >= 54.0, "{name}");
            }
            for consumer in &scene.consumers {
                assert!(consumer.rect.x - stack.right() >= 54.0, "{name}");
            }
        }
    });
}

#[test]
fn the_same_offset_has_the_same_x_on_every_broker() {
    let mut view = cluster(3, 1, 1, 1);
    let partition = &mut view.topics[0].partitions[0];
    partition.replicas = vec![
        replica(BrokerId(1), true, 60, 50),
        replica(BrokerId(2), false, 57, 49),
        replica(BrokerId(3), false, 52, 48),
    ];
    let scene = draw(&view, 1104.0);
    let cells = |k: usize| match &scene.brokers[k].replicas[0].strip.log {
        Log::Cells { cells, .. } => cells.clone(),
        log => panic!("cells fit at this width, not {log:?}"),
    };
    for other in [cells(1), cells(2)] {
        for cell in other {
            let mine = cells(0).into_iter().find(|c| c.offset == cell.offset);
            assert_eq!(mine.expect("the longest log has it").rect.x, cell.rect.x);
        }
    }
}

#[test]
fn the_hw_stands_on_the_left_edge_of_its_cell() {
    for (width, partitions) in [(390.0, 1), (1104.0, 1), (1104.0, 3)] {
        let scene = draw(&cluster(3, partitions, 1, 1), width);
        for (k, head) in scene.heads.iter().enumerate() {
            let replica = scene
                .brokers
                .iter()
                .flat_map(|b| &b.replicas)
                .find(|r| r.partition == head.partition);
            let strip = &replica.expect("every partition has replicas").strip;
            let Log::Cells { cells, .. } = &strip.log else { panic!("cells at {width}") };
            let cell = cells.iter().find(|c| c.offset == Offset(6)).expect("offset 6 is held");
            let mark = head.hw.expect("cells have a mark");
            assert!((cell.rect.x - 0.5 - mark.x).abs() < 1e-9, "column {k} at {width}");
        }
    }
}

#[test]
fn cells_below_the_high_watermark_are_committed_and_those_above_are_not() {
    let scene = draw(&cluster(3, 1, 1, 0), 1104.0);
    let Log::Cells { cells, dots, .. } = &scene.brokers[0].replicas[0].strip.log else {
        panic!("cells fit")
    };
    let committed = cells.iter().filter(|c| c.state == CellState::Committed).count();
    let waiting = cells.iter().filter(|c| c.state == CellState::Uncommitted).count();
    assert_eq!((committed, waiting, cells.len() + dots.len()), (6, 2, 14));
}

#[test]
fn the_window_moves_by_steps_and_always_shows_the_end() {
    let mut view = cluster(3, 1, 1, 0);
    let mut firsts = Vec::new();
    for end in 0..60 {
        view.topics[0].partitions[0].replicas = vec![replica(BrokerId(1), true, end, end)];
        let scene = draw(&view, 1104.0);
        let Log::Cells { cells, .. } = &scene.brokers[0].replicas[0].strip.log else {
            panic!("cells fit")
        };
        if end > 0 {
            assert_eq!(cells.last().map(|c| c.offset), Some(Offset(end - 1)));
            firsts.push(cells[0].offset.0);
        }
    }
    firsts.dedup();
    assert!(firsts.windows(2).all(|pair| pair[1] - pair[0] == 4), "{firsts:?}");
}

#[test]
fn segments_break_at_the_same_place_on_all_replicas() {
    let mut view = cluster(3, 1, 1, 0);
    for replica in &mut view.topics[0].partitions[0].replicas {
        let segment = |base: i64, end: i64| SegmentView {
            base: Offset(base),
            end: Offset(end),
            bytes: 100,
            flushed_bytes: 0,
            index_entries: 0,
        };
        replica.segments = vec![segment(0, 5), segment(5, 8)];
    }
    let scene = draw(&view, 1104.0);
    for broker in &scene.brokers {
        let Log::Cells { frames, cells, .. } = &broker.replicas[0].strip.log else {
            panic!("cells fit")
        };
        assert_eq!(frames.iter().map(|f| f.open).collect::<Vec<_>>(), [false, true]);
        assert_eq!(frames[1].rect.x, cells[5].rect.x - 2.0);
        assert!(cells[5].rect.x - cells[4].rect.right() > cells[1].rect.x - cells[0].rect.right());
    }
}

#[test]
fn what_only_a_dead_replica_of_an_older_epoch_holds_is_doomed() {
    let mut view = cluster(3, 1, 1, 0);
    let partition = &mut view.topics[0].partitions[0];
    partition.leader = Some(BrokerId(2));
    partition.replicas[0].role = Role::Offline;
    partition.replicas[1].role = Role::Leader;
    partition.replicas[1].log_end_offset = Offset(7);
    partition.replicas[1].epochs = vec![(LeaderEpoch(0), Offset(0)), (LeaderEpoch(1), Offset(6))];
    let scene = draw(&view, 1104.0);
    let Log::Cells { cells, .. } = &scene.brokers[0].replicas[0].strip.log else {
        panic!("cells fit")
    };
    let doomed: Vec<i64> =
        cells.iter().filter(|c| c.state == CellState::Doomed).map(|c| c.offset.0).collect();
    assert_eq!(doomed, [6, 7]);
}

#[test]
fn detail_is_chosen_by_the_room_of_a_column() {
    assert_eq!(draw(&cluster(3, 1, 1, 1), 1104.0).lod, Lod::Offsets);
    assert_eq!(draw(&cluster(3, 3, 1, 1), 1104.0).lod, Lod::Cells);
    assert_eq!(draw(&cluster(3, 3, 1, 1), 768.0).lod, Lod::Bars);
    assert_eq!(draw(&cluster(10, 100, 1, 1), 1440.0).lod, Lod::Tiles);
    assert_eq!(draw(&cluster(3, 3, 1, 1), 390.0).lod, Lod::Offsets);
}

#[test]
fn a_hundred_partitions_keep_apart_and_the_stage_grows_where_they_do_not_fit() {
    for width in [600.0, 1104.0, 1440.0] {
        let scene = draw(&cluster(10, 100, 1, 1), width);
        let stack = scene.brokers[0].rect;
        assert!(stack.right() + 54.0 <= scene.consumers[0].rect.x, "{width}");
        assert!(scene.consumers[0].rect.right() <= scene.width && scene.width >= width, "{width}");
        for pair in scene.brokers[4].replicas.windows(2) {
            assert!(pair[0].rect.right() <= pair[1].rect.x, "{width}");
        }
    }
}

#[test]
fn on_a_phone_the_selected_partition_is_on_the_stage() {
    let view = cluster(3, 3, 1, 1);
    let second = view.topics[0].partitions[1].partition.clone();
    let selection = Selection::Partition(second.clone());
    let scene = scene(Input {
        cluster: &view,
        width: 390.0,
        selection: &selection,
        marks: &[],
        rebalances: &[],
    });
    assert_eq!(scene.heads.len(), 1);
    assert_eq!(scene.heads[0].partition, second);
    assert_eq!(scene.picker.iter().filter(|(_, _, on)| *on).count(), 1);
}

#[test]
fn a_message_is_at_the_ends_of_its_link_when_it_leaves_and_arrives() {
    let view = cluster(3, 1, 1, 1);
    for width in [390.0, 1104.0] {
        let scene = draw(&view, width);
        for (from, to) in [(WEB, B1), (B1, WEB), (B1, B2), (B2, B1), (NodeId::Zookeeper, B2)] {
            let sent = message(from, to);
            let place =
                |at: u64| messages(&scene, &view, std::slice::from_ref(&sent), Micros(at))[0].at;
            let (a, b) = scene.link(from, to).expect("they are linked").path.ends();
            let (start, end) = if from < to { (a, b) } else { (b, a) };
            assert!(place(1_000).distance(start) < 0.01 && place(3_000).distance(end) < 0.01);
            let half = scene.link(from, to).expect("they are linked").path.at(0.5).0;
            assert!(place(2_000).distance(half) < 0.01);
        }
    }
}

#[test]
fn a_message_on_a_stalled_link_waits_about_its_middle_in_order() {
    let mut view = cluster(3, 1, 1, 1);
    view.held = vec![(B1, WEB)];
    let scene = draw(&view, 1104.0);
    let held = |id: u64| MessageView { id: EventId(id), arrives_at: None, ..message(WEB, B1) };
    let placed = messages(&scene, &view, &[held(1), held(2)], Micros(9_000));
    let link = scene.link(WEB, B1).expect("they are linked");
    assert_eq!(link.state, LinkState::Held);
    let middle = link.path.at(0.5).0;
    assert!(placed[0].at.x > middle.x && placed[1].at.x < middle.x);
    assert!(placed.iter().all(|p| p.at.distance(middle) < 12.0));
}

#[test]
fn a_burst_stands_where_its_message_died() {
    let view = cluster(3, 1, 1, 1);
    let scene = draw(&view, 1104.0);
    let burst = BurstView::new(message(WEB, B1), Micros(2_000), DropReason::Commanded);
    assert!((burst.at_fraction - 0.5).abs() < 1e-9);
    let placed = super::moving::bursts(&scene, &[burst]);
    let middle = scene.link(WEB, B1).expect("they are linked").path.at(0.5).0;
    assert!(placed[0].at.distance(middle) < 0.01);
}

#[test]
fn time_before_sending_and_after_arrival_changes_nothing() {
    let sent = message(WEB, B1);
    assert_eq!(fraction(&sent, Micros(0)), Some(0.0));
    assert_eq!(fraction(&sent, Micros(99_000)), Some(1.0));
    assert_eq!(fraction(&MessageView { arrives_at: None, ..sent }, Micros(2_000)), None);
}

#[test]
fn bars_merge_the_messages_of_a_link_and_tiles_draw_none() {
    let bars = cluster(3, 3, 1, 1);
    let sent = vec![message(WEB, B1), message(WEB, B1), message(WEB, B2)];
    let placed = messages(&draw(&bars, 768.0), &bars, &sent, Micros(2_000));
    let mut counts: Vec<u32> = placed.iter().map(|p| p.merged).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 2]);
    let tiles = cluster(10, 100, 1, 1);
    assert!(messages(&draw(&tiles, 1104.0), &tiles, &sent, Micros(2_000)).is_empty());
}

#[test]
fn a_message_is_found_under_the_pointer() {
    let view = cluster(3, 1, 1, 1);
    let scene = draw(&view, 1104.0);
    let placed = messages(&scene, &view, &[message(WEB, B1)], Micros(2_000));
    let near = Point::new(placed[0].at.x + 5.0, placed[0].at.y + 5.0);
    assert_eq!(hit(&placed, near, 14.0), Some(EventId(7)));
    assert_eq!(hit(&placed, Point::new(0.0, 0.0), 14.0), None);
}

#[test]
fn cards_and_columns_are_found_under_the_pointer() {
    let scene = draw(&cluster(3, 2, 1, 1), 1104.0);
    let replica = &scene.brokers[1].replicas[1];
    let found = scene.hit(replica.strip.rect.middle());
    assert_eq!(found, Selection::Partition(replica.partition.clone()));
    let spine = Point::new(scene.brokers[1].rect.x + 20.0, scene.brokers[1].rect.y + 20.0);
    assert_eq!(scene.hit(spine), Selection::Broker(BrokerId(2)));
    assert_eq!(scene.hit(scene.zookeeper.rect.middle()), Selection::Zookeeper);
    assert_eq!(scene.hit(scene.producers[0].rect.middle()), Selection::Producer(ClientId(0)));
}

#[test]
fn a_link_to_a_dead_broker_is_cut_and_to_a_leader_is_on() {
    let mut view = cluster(3, 1, 1, 1);
    view.brokers[2].state = ProcessState::Dead;
    let scene = draw(&view, 1104.0);
    let state = |a, b| scene.link(a, b).expect("they are linked").state;
    assert_eq!(state(WEB, B1), LinkState::On);
    assert_eq!(state(WEB, B2), LinkState::Idle);
    assert_eq!(state(B1, NodeId::Broker(BrokerId(3))), LinkState::Cut);
}

#[test]
fn an_empty_stage_shows_where_brokers_will_stand() {
    let scene = draw(&ClusterView::default(), 1104.0);
    assert_eq!(scene.ghosts.len(), 3);
    assert!(scene.duct.is_none() && scene.brokers.is_empty());
}

#[test]
fn arrows_lead_down_the_brokers_and_across_the_partitions() {
    let scene = draw(&cluster(3, 3, 1, 1), 1104.0);
    let all = targets(&scene);
    let walk = |arrows: &[Arrow]| arrows.iter().fold(0, |at, arrow| step(&all, at, *arrow));
    assert_eq!(all[walk(&[])].selection, Selection::Broker(BrokerId(1)));
    assert_eq!(all[walk(&[Arrow::Down, Arrow::Down])].selection, Selection::Broker(BrokerId(3)));
    let third = walk(&[Arrow::Right, Arrow::Right, Arrow::Right]);
    assert_eq!(all[third].replica, Some((0, 2)));
    let producer = walk(&[Arrow::Down, Arrow::Left]);
    assert_eq!(all[producer].selection, Selection::Producer(ClientId(0)));
    assert_eq!(step(&all, producer, Arrow::Left), producer);
}

/// Groups of one, of six, of nine, of forty members, and one without any.
fn every_group(mut check: impl FnMut(&Scene, String)) {
    for width in WIDTHS {
        for partitions in [1, 3, 6] {
            for sizes in [&[1][..], &[6, 0], &[9, 2], &[40]] {
                for alone in 0..2 {
                    let view = with_groups(cluster(3, partitions, 1, alone), sizes);
                    let name = format!("{width} px, {partitions} partitions, groups of {sizes:?}");
                    check(&draw(&view, width), name);
                }
            }
        }
    }
}

#[test]
fn groups_stand_clear_of_everything_and_hold_their_rows() {
    every_group(|scene, name| {
        let cards = scene.cards();
        for (k, card) in cards.iter().enumerate() {
            assert!(card.x >= 0.0 && card.right() <= scene.width, "{name}: {card:?}");
            assert!(card.y >= 0.0 && card.bottom() <= scene.height, "{name}: {card:?}");
            assert!(cards[k + 1..].iter().all(|other| !card.overlaps(other)), "{name}: {card:?}");
        }
        for group in &scene.groups {
            for (k, row) in group.rows.iter().enumerate() {
                assert!(row.rect.bottom() <= group.rect.bottom() - 20.0, "{name}: {row:?}");
                assert!(group.rows[k + 1..].iter().all(|o| !row.rect.overlaps(&o.rect)), "{name}");
                for (n, chip) in row.chips.iter().enumerate() {
                    assert!(chip.rect.x > row.rect.x + 40.0, "{name}: {chip:?}");
                    assert!(chip.rect.right() <= row.rect.right(), "{name}: {chip:?}");
                    assert!(
                        row.chips[n + 1..].iter().all(|o| !chip.rect.overlaps(&o.rect)),
                        "{name}"
                    );
                }
            }
        }
    });
}

#[test]
fn every_member_has_links_that_end_at_its_row() {
    every_group(|scene, name| {
        for row in scene.groups.iter().flat_map(|group| &group.rows) {
            let node = NodeId::Client(row.consumer.expect("all are of this world"));
            let link = scene.link(B1, node).expect("it may talk to every broker");
            let (end, _) = link.path.at(1.0);
            assert!((end.y - row.rect.middle().y).abs() < 1.0, "{name}: {end:?} {:?}", row.rect);
        }
    });
}

#[test]
fn tags_of_readers_stand_side_by_side_under_the_leaders_strip() {
    every_group(|scene, name| {
        for broker in &scene.brokers {
            for replica in &broker.replicas {
                let tags: Vec<Rect> = replica.readers.iter().map(|mark| mark.tag).collect();
                assert!(replica.is_leader || tags.is_empty(), "{name}");
                for (k, tag) in tags.iter().enumerate() {
                    assert!(tag.bottom() <= broker.rect.bottom(), "{name}: {tag:?}");
                    assert!(tag.y >= replica.strip.rect.bottom() + 14.0, "{name}: {tag:?}");
                    assert!(tags[k + 1..].iter().all(|other| !tag.overlaps(other)), "{name}");
                }
            }
        }
    });
}

#[test]
fn a_group_and_its_members_are_found_under_the_pointer_and_by_keyboard() {
    let scene = draw(&with_groups(cluster(3, 3, 1, 0), &[3]), 1_104.0);
    let card = &scene.groups[0];
    let row = &card.rows[1];
    let member = Selection::Consumer(row.consumer.expect("it is of this world"));
    assert_eq!(scene.hit(row.rect.middle()), member);
    let head = Point::new(card.rect.x + 20.0, card.rect.y + 20.0);
    assert_eq!(scene.hit(head), Selection::Group(card.id.clone()));
    let reached: Vec<Selection> = targets(&scene).into_iter().map(|t| t.selection).collect();
    assert!(reached.contains(&member) && reached.contains(&Selection::Group(card.id.clone())));
}

#[test]
fn the_bar_of_a_pause_is_as_long_as_the_share_of_partitions_that_paused() {
    let view = with_groups(cluster(3, 4, 1, 0), &[2]);
    let told = |paused: u32| Rebalance {
        group: "g0".into(),
        event: EventId(1),
        began: Micros::ZERO,
        joined: None,
        ended: Some(Micros(9_000)),
        generation: 2,
        members: 2,
        protocol: None,
        partitions: 4,
        paused,
        pause: Micros(5_000),
        is_paused: false,
        idle: Vec::new(),
    };
    let share = |paused: u32| {
        let rebalances = [told(paused)];
        let selection = &Selection::None;
        let input = Input {
            cluster: &view,
            width: 1_104.0,
            selection,
            marks: &[],
            rebalances: &rebalances,
        };
        let bar = scene(input).groups[0].pause.expect("it rebalanced");
        bar.paused.w / bar.rect.w
    };
    assert_eq!((share(4), share(1), share(0)), (1.0, 0.25, 0.0));
}
