//! The disk against a plain model: byte vectors by path.

use super::*;

const LOG: &str = "orders-0/00000000000000000000.log";

fn disk_with(path: &str, pieces: &[&'static [u8]]) -> (Disk, FileId) {
    let mut disk = Disk::default();
    let file = disk.open(path);
    for piece in pieces {
        disk.append(file, Bytes::from_static(piece));
    }
    (disk, file)
}

#[test]
fn a_read_within_one_append_shares_its_bytes() {
    let (disk, file) = disk_with(LOG, &[b"abcdef", b"ghi"]);
    let read = disk.read(file, 2, 3);
    assert_eq!(&read[..], b"cde");
    let again = disk.read(file, 2, 3);
    assert_eq!(read.as_ptr(), again.as_ptr());
}

#[test]
fn a_read_across_appends_gathers_them_and_stops_at_the_end() {
    let (mut disk, file) = disk_with(LOG, &[b"abc", b"def", b"ghi"]);
    disk.append_small(file, b"jk");
    assert_eq!(&disk.read(file, 1, 9)[..], b"bcdefghij");
    assert_eq!(&disk.read(file, 7, 99)[..], b"hijk");
    assert!(disk.read(file, 11, 1).is_empty());
}

#[test]
fn a_clone_shares_bytes_and_goes_its_own_way() {
    let (mut disk, file) = disk_with(LOG, &[b"abc"]);
    let before = disk.clone();
    disk.append(file, Bytes::from_static(b"def"));
    disk.truncate(file, 5);
    assert_eq!((disk.len(file), before.len(file)), (5, 3));
    assert_eq!(disk.read(file, 0, 3).as_ptr(), before.read(file, 0, 3).as_ptr());
}

#[test]
fn flushing_makes_bytes_durable_and_a_cut_takes_that_back() {
    let (mut disk, file) = disk_with(LOG, &[b"abcdef"]);
    assert_eq!(disk.unflushed_bytes(), 6);
    disk.flush(file);
    disk.append_small(file, b"gh");
    assert_eq!((disk.flushed_len(file), disk.unflushed_bytes()), (6, 2));
    disk.truncate(file, 4);
    assert_eq!((disk.flushed_len(file), disk.unflushed_bytes(), disk.total_bytes()), (4, 0, 4));
}

#[test]
fn a_power_loss_keeps_what_was_durable_and_no_other_file() {
    let (mut disk, file) = disk_with(LOG, &[b"abcdef"]);
    disk.replace("meta", Bytes::from_static(b"x"));
    disk.keep_only(&BTreeMap::from([(Text::from(LOG), 4)]));
    assert_eq!(disk.list(""), vec![(Text::from(LOG), 4)]);
    assert_eq!((disk.total_bytes(), disk.unflushed_bytes()), (4, 0));
    assert_eq!(&disk.read(file, 0, 9)[..], b"abcd");
}

#[test]
fn a_power_loss_does_not_lengthen_a_file() {
    let (mut disk, file) = disk_with(LOG, &[b"abc"]);
    disk.keep_only(&BTreeMap::from([(Text::from(LOG), 99)]));
    assert_eq!(disk.len(file), 3);
}

#[test]
fn rot_changes_bytes_in_place_and_leaves_clones_alone() {
    let (mut disk, file) = disk_with(LOG, &[b"abc", b"def"]);
    disk.append_small(file, b"ghi");
    let before = disk.clone();
    disk.rot(LOG, 2, b"XYZXYZ!!");
    assert_eq!(&disk.read(file, 0, 99)[..], b"abXYZXYZ!");
    assert_eq!(&before.read(file, 0, 99)[..], b"abcdefghi");
}

#[test]
fn a_renamed_file_keeps_its_id_and_replaces_what_was_there() {
    let (mut disk, file) = disk_with("a", &[b"new"]);
    disk.replace("b", Bytes::from_static(b"older"));
    disk.rename("a", "b");
    assert_eq!(disk.find("b"), Some(file));
    assert_eq!((disk.find("a"), disk.total_bytes()), (None, 3));
    disk.append(file, Bytes::from_static(b"er"));
    assert_eq!(disk.read_path("b").as_deref(), Some(&b"newer"[..]));
}

#[test]
fn a_deleted_file_reads_as_empty() {
    let (mut disk, file) = disk_with(LOG, &[b"abc"]);
    disk.delete(LOG);
    assert_eq!((disk.len(file), disk.read(file, 0, 3).len(), disk.total_bytes()), (0, 0, 0));
    assert!(disk.list("").is_empty());
}

#[test]
fn a_listing_is_in_order_and_only_of_the_prefix() {
    let mut disk = Disk::default();
    for path in ["b/1", "a/2", "a/1", "ab"] {
        disk.open(path);
    }
    let paths: Vec<Text> = disk.list("a/").into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, vec![Text::from("a/1"), Text::from("a/2")]);
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        let first = self.below(256);
        (0..self.below(most + 1)).map(|at| (first + at) as u8).collect()
    }
}

type Model = BTreeMap<String, Vec<u8>>;

fn change_both(dice: &mut Dice, disk: &mut Disk, model: &mut Model) {
    let path = ["a", "b", "c"][dice.below(3) as usize];
    let file = disk.open(path);
    let content = model.entry(path.to_owned()).or_default();
    let len = content.len() as u64;
    match dice.below(12) {
        0..=3 => {
            let bytes = dice.bytes(600);
            content.extend(&bytes);
            disk.append(file, bytes.into());
        }
        4..=6 => {
            let bytes = dice.bytes(700);
            content.extend(&bytes);
            disk.append_small(file, &bytes);
        }
        7 => {
            let cut = dice.below(len + 10);
            content.truncate(cut as usize);
            disk.truncate(file, cut);
        }
        8 => {
            let (at, bytes) = (dice.below(len + 1), dice.bytes(900));
            for (byte, place) in bytes.iter().zip(&mut content[at as usize..]) {
                *place = *byte;
            }
            disk.rot(path, at, &bytes);
        }
        9 if dice.below(4) == 0 => {
            *content = dice.bytes(50);
            disk.replace(path, content.clone().into());
        }
        10 if dice.below(4) == 0 => {
            model.remove(path);
            disk.delete(path);
        }
        11 if dice.below(4) == 0 => {
            let content = model.remove(path).expect("it is there");
            model.insert("c".to_owned(), content);
            disk.rename(path, "c");
        }
        _ => disk.flush(file),
    }
}

fn check_same(disk: &Disk, model: &Model) {
    let listed: Vec<(String, u64)> =
        disk.list("").into_iter().map(|(path, len)| (path.to_string(), len)).collect();
    let expected: Vec<(String, u64)> =
        model.iter().map(|(path, content)| (path.clone(), content.len() as u64)).collect();
    assert_eq!(listed, expected);
    for (path, content) in model {
        assert_eq!(disk.read_path(path).as_deref(), Some(&content[..]), "{path}");
    }
    let total: u64 = model.values().map(|content| content.len() as u64).sum();
    assert_eq!(disk.total_bytes(), total);
}

fn mirror(model: &mut Model, op: DiskOp) {
    match op {
        DiskOp::Create { path } => {
            model.insert(path.to_string(), Vec::new());
        }
        DiskOp::Append { path, position, bytes } => {
            let content = model.get_mut(&*path).expect("created before");
            assert_eq!(content.len() as u64, position);
            content.extend(&bytes);
        }
        DiskOp::Truncate { path, len } => {
            model.get_mut(&*path).expect("created before").truncate(len as usize);
        }
        DiskOp::Replace { path, bytes } => {
            model.insert(path.to_string(), bytes.to_vec());
        }
        DiskOp::Delete { path } => {
            model.remove(&*path);
        }
        DiskOp::Rename { from, to } => {
            let content = model.remove(&*from).expect("created before");
            model.insert(to.to_string(), content);
        }
    }
}

#[test]
fn files_hold_what_a_model_holds_and_the_journal_rebuilds_them() {
    for seed in 0..40 {
        let mut dice = Dice(seed);
        let (mut disk, mut model, mut copy) = (Disk::default(), Model::new(), Model::new());
        disk.set_journal(true);
        let mut kept = Vec::new();
        for step in 0..120 {
            change_both(&mut dice, &mut disk, &mut model);
            if step % 40 == 20 {
                kept.push((disk.clone(), model.clone()));
            }
        }
        check_same(&disk, &model);
        for op in disk.take_journal() {
            mirror(&mut copy, op);
        }
        assert_eq!(copy, model, "seed {seed}");
        for (disk, model) in &kept {
            check_same(disk, model);
        }
    }
}

#[test]
fn random_reads_agree_with_the_model() {
    let mut dice = Dice(7);
    let (mut disk, mut model) = (Disk::default(), Model::new());
    for _ in 0..300 {
        change_both(&mut dice, &mut disk, &mut model);
        let Some((path, content)) = model.iter().next() else { continue };
        let file = disk.find(path).expect("the model has it");
        let (at, len) = (dice.below(content.len() as u64 + 2), dice.below(2_000));
        let from = (at as usize).min(content.len());
        let to = (from + len as usize).min(content.len());
        assert_eq!(&disk.read(file, at, len)[..], &content[from..to]);
        let mut exact = vec![0; len as usize];
        let reaches = at + len <= content.len() as u64;
        assert_eq!(disk.read_exact(file, at, &mut exact), reaches || len == 0);
        if reaches {
            assert_eq!(exact, &content[from..to]);
        }
    }
}

#[test]
fn the_journal_is_off_until_asked_for_and_goes_with_a_clone() {
    let (mut disk, file) = disk_with(LOG, &[b"abc"]);
    assert!(disk.take_journal().is_empty());
    disk.set_journal(true);
    disk.append_small(file, b"d");
    let mut clone = disk.clone();
    let op = DiskOp::Append { path: LOG.into(), position: 3, bytes: Bytes::from_static(b"d") };
    assert_eq!(disk.take_journal(), vec![op.clone()]);
    assert_eq!(clone.take_journal(), vec![op]);
    disk.set_journal(false);
    disk.append_small(file, b"e");
    assert!(disk.take_journal().is_empty());
}
