//! What every store must do, whatever its rows are in: each test is a story of pages on one platter.

use bytes::Bytes;
use highwater::engine::disk::DiskOp;
use highwater::engine::ids::Text;
use highwater::engine::time::Micros;
use highwater::scenario::version::ENGINE_VERSION;
use highwater::store::Store;
use highwater::store::document::{Futures, KeptBranch};
use highwater::store::report::{Kept, Listed, Refusal, StorageReport};
use highwater::store::request::StoreRequest;
use highwater::store::rows::{Note, Rows};

use crate::store_changes::Disk;
use crate::store_pages::{B1, append, batch, files, open};

/// What outlives a page.
pub trait Platter {
    /// Its rows.
    type Rows: Rows;

    /// A page of its own on this platter.
    async fn page(&mut self) -> Store<Self::Rows>;

    /// An empty platter beside this one.
    async fn beside(&self) -> Self;
}

pub async fn what_was_saved_is_there_for_the_next_page(mut platter: impl Platter) {
    let mut first = platter.page().await;
    assert_eq!(open(&mut first, "s").await, (Kept::Nothing, false));
    let log = vec![7; 20_000];
    save(&mut first, "s", 1, vec![append("a.log", 0, &log), append("b", 0, b"index")]).await;
    save(&mut first, "s", 2, vec![append("a.log", 20_000, b"tail"), append("b", 5, b"+")]).await;
    let (kept, _) = open(&mut platter.page().await, "s").await;
    let whole = [&log[..], b"tail"].concat();
    assert_eq!(files(kept), (2, vec![("a.log".into(), whole), ("b".into(), b"index+".to_vec())]));
}

pub async fn truncating_renaming_replacing_and_deleting_are_kept(mut platter: impl Platter) {
    let mut first = platter.page().await;
    open(&mut first, "s").await;
    let path = |path: &str| Text::from(path);
    save(&mut first, "s", 1, vec![append("a", 0, &[1; 30_000]), append("gone", 0, b"x")]).await;
    let changes = vec![
        DiskOp::Truncate { path: path("a"), len: 10_000 },
        append("a", 10_000, b"new"),
        DiskOp::Rename { from: path("a"), to: path("a.deleted") },
        DiskOp::Delete { path: path("gone") },
        DiskOp::Replace { path: path("checkpoint"), bytes: Bytes::from_static(b"0 1") },
    ];
    save(&mut first, "s", 2, changes).await;
    let (kept, _) = open(&mut platter.page().await, "s").await;
    let renamed = [&[1; 10_000][..], b"new"].concat();
    let left = vec![(path("a.deleted"), renamed), (path("checkpoint"), b"0 1".to_vec())];
    assert_eq!(files(kept), (2, left));
}

pub async fn any_changes_are_kept_over_any_reloads(mut platter: impl Platter) {
    for seed in 0..4 {
        let mut page = platter.page().await;
        let name = format!("random {seed}");
        open(&mut page, &name).await;
        let mut disk = Disk::new(seed);
        for serial in 1..=40 {
            let ops = disk.some_changes();
            save(&mut page, &name, serial, ops).await;
            if disk.below(3) == 0 {
                let kept = files(open(&mut page, &name).await.0);
                assert_eq!(kept.0, serial);
                disk.expect(&kept.1, &format!("seed {seed}, batch {serial}"));
                let listed = list(&mut page).await;
                let bytes = listed.iter().find(|it| *it.name == *name).map(|it| it.bytes);
                assert_eq!(bytes, Some(disk.bytes()), "seed {seed}, batch {serial}");
            }
        }
    }
}

pub async fn sessions_do_not_touch_each_other_and_can_be_forgotten(mut platter: impl Platter) {
    let mut first = platter.page().await;
    open(&mut first, "a").await;
    save(&mut first, "a", 1, vec![append("f", 0, b"a")]).await;
    open(&mut first, "ab").await;
    save(&mut first, "ab", 2, vec![append("f", 0, b"ab")]).await;
    let forgotten = first.carry_out(StoreRequest::Forget { name: "a".into() }).await;
    assert_eq!(forgotten, Some(StorageReport::Forgotten { all: false }));
    assert_eq!(open(&mut first, "a").await.0, Kept::Nothing);
    assert_eq!(files(open(&mut first, "ab").await.0), (2, vec![("f".into(), b"ab".to_vec())]));
}

pub async fn a_second_page_on_the_same_session_is_told_that_it_is_held(mut platter: impl Platter) {
    let mut first = platter.page().await;
    assert!(!open(&mut first, "held").await.1);
    let mut second = platter.page().await;
    assert!(open(&mut second, "held").await.1, "the first page still holds it");
    assert!(!open(&mut second, "other").await.1);
}

pub async fn a_session_that_is_not_open_is_not_written(mut platter: impl Platter) {
    let mut store = platter.page().await;
    let refused = store.carry_out(batch("nobody", 1, vec![append("f", 0, b"x")])).await;
    assert!(matches!(refused, Some(StorageReport::Failed { serial: 1, .. })));
    assert_eq!(open(&mut store, "nobody").await.0, Kept::Nothing);
}

pub async fn futures_are_kept_until_others_are_written(mut platter: impl Platter) {
    let mut first = platter.page().await;
    open(&mut first, "s").await;
    let StoreRequest::Save(mut with) = batch("s", 1, vec![append("f", 0, b"x")]) else {
        unreachable!("it is a batch")
    };
    with.futures = Some(futures());
    first.carry_out(StoreRequest::Save(with)).await;
    save(&mut first, "s", 2, vec![append("f", 1, b"y")]).await;
    let Kept::Session(kept) = open(&mut platter.page().await, "s").await.0 else {
        panic!("it was saved")
    };
    assert_eq!(kept.futures, Some(futures()));
}

pub async fn sessions_are_listed_with_what_is_kept_of_them(mut platter: impl Platter) {
    let mut page = platter.page().await;
    assert_eq!(list(&mut page).await, []);
    open(&mut page, "b").await;
    save(&mut page, "b", 7, vec![append("f", 0, b"four"), append("g", 0, b"two")]).await;
    call(&mut page, "b", "Monday").await;
    open(&mut page, "a").await;
    save(&mut page, "a", 1, vec![append("f", 0, b"x")]).await;
    let found = list(&mut page).await;
    let names: Vec<&str> = found.iter().map(|listed| &*listed.name).collect();
    assert_eq!(names, ["a", "b"]);
    let about = (found[1].title.as_deref(), found[1].at, found[1].bytes, found[1].branches);
    assert_eq!(about, (Some("Monday"), Some(Micros(7)), 7, 1));
    let elsewhere = StoreRequest::List { engine: ENGINE_VERSION + 1 };
    let Some(StorageReport::Listed(found)) = page.carry_out(elsewhere).await else {
        panic!("it was listed")
    };
    assert_eq!(found[1].at, None, "another engine cannot replay it");
}

pub async fn a_title_outlives_the_beginning_of_another_world(mut platter: impl Platter) {
    let mut page = platter.page().await;
    open(&mut page, "s").await;
    call(&mut page, "s", "Mine").await;
    let StoreRequest::Save(mut anew) = batch("s", 1, Vec::new()) else {
        unreachable!("it is a batch")
    };
    anew.base = Some(vec![(B1, "f".into(), Bytes::from_static(b"new"))]);
    page.carry_out(StoreRequest::Save(anew)).await;
    assert_eq!(list(&mut page).await[0].title.as_deref(), Some("Mine"));
    call(&mut page, "s", " ").await;
    assert_eq!(list(&mut page).await[0].title, None);
}

pub async fn everything_goes_into_a_file_and_comes_out_of_it(mut platter: impl Platter) {
    let mut page = platter.page().await;
    for (name, serial) in [("playground", 1), ("own-1", 2)] {
        open(&mut page, name).await;
        save(&mut page, name, serial, vec![append("f", 0, name.as_bytes())]).await;
        call(&mut page, name, name).await;
    }
    let file = export(&mut page).await;
    let mut other = platter.beside().await;
    let mut there = other.page().await;
    assert_eq!(import(&mut there, &file).await, Some(imported(2, 0)));
    assert_eq!(export(&mut there).await, file);
    let (kept, _) = open(&mut there, "own-1").await;
    assert_eq!(files(kept), (2, vec![("f".into(), b"own-1".to_vec())]));
}

pub async fn a_file_never_writes_over_what_is_kept(mut platter: impl Platter) {
    let mut page = platter.page().await;
    open(&mut page, "s").await;
    save(&mut page, "s", 1, vec![append("f", 0, b"old")]).await;
    let file = export(&mut page).await;
    assert_eq!(import(&mut page, &file).await, Some(imported(0, 1)), "it is there already");
    save(&mut page, "s", 2, vec![append("f", 3, b" and new")]).await;
    assert_eq!(import(&mut page, &file).await, Some(imported(1, 0)));
    assert_eq!(import(&mut page, &file).await, Some(imported(0, 1)), "and now so is its copy");
    save(&mut page, "s", 3, vec![append("f", 11, b"!")]).await;
    let mut other = platter.page().await;
    assert_eq!(files(open(&mut other, "s").await.0).1, [("f".into(), b"old and new!".to_vec())]);
    assert_eq!(files(open(&mut other, "s~2").await.0).1, [("f".into(), b"old".to_vec())]);
}

pub async fn a_damaged_file_is_refused_as_a_whole(mut platter: impl Platter) {
    let mut page = platter.page().await;
    open(&mut page, "s").await;
    save(&mut page, "s", 1, vec![append("f", 0, &[7; 1_000])]).await;
    let mut file = export(&mut page).await;
    let last = file.len() - 1;
    file[last / 2] ^= 1;
    let mut other = platter.beside().await;
    let mut there = other.page().await;
    let refused = |refusal| Some(StorageReport::Refused(refusal));
    assert_eq!(import(&mut there, &file).await, refused(Refusal::DamagedArchive));
    assert_eq!(import(&mut there, &file[..last]).await, refused(Refusal::DamagedArchive));
    assert_eq!(import(&mut there, b"orders").await, refused(Refusal::NotAnArchive));
    assert_eq!(list(&mut there).await, []);
}

pub async fn what_another_page_holds_is_not_forgotten(mut platter: impl Platter) {
    let mut first = platter.page().await;
    open(&mut first, "held").await;
    save(&mut first, "held", 1, vec![append("f", 0, b"x")]).await;
    let mut second = platter.page().await;
    open(&mut second, "own").await;
    save(&mut second, "own", 1, vec![append("f", 0, b"y")]).await;
    let refused = Some(StorageReport::Refused(Refusal::HeldElsewhere("held".into())));
    assert_eq!(second.carry_out(StoreRequest::Forget { name: "held".into() }).await, refused);
    assert_eq!(second.carry_out(StoreRequest::ForgetAll).await, refused);
    assert_eq!(list(&mut second).await.len(), 2);
    save(&mut second, "own", 2, vec![append("f", 1, b"z")]).await;
    open(&mut first, "elsewhere").await;
    let forgotten = Some(StorageReport::Forgotten { all: true });
    assert_eq!(second.carry_out(StoreRequest::ForgetAll).await, forgotten);
    assert_eq!(list(&mut second).await, []);
}

/// Saves changes, and expects them to be saved.
pub async fn save<R: Rows>(store: &mut Store<R>, name: &str, serial: u64, ops: Vec<DiskOp>) {
    let saved = store.carry_out(batch(name, serial, ops)).await;
    assert_eq!(saved, Some(StorageReport::Saved { serial }));
}

/// Every kept session.
pub async fn list<R: Rows>(store: &mut Store<R>) -> Vec<Listed> {
    match store.carry_out(StoreRequest::List { engine: ENGINE_VERSION }).await {
        Some(StorageReport::Listed(listed)) => listed,
        other => panic!("not listed: {other:?}"),
    }
}

fn futures() -> Futures {
    let branch = |id, parent| KeptBranch {
        id,
        name: Some("what if".into()),
        parent,
        from: Micros(1),
        end: Micros(2),
        commands: Vec::new(),
    };
    let branches = vec![branch(0, None), branch(1, Some(0))];
    Futures { said: "moment crash=5s".into(), branches, current: 1, next: 2 }
}

fn imported(taken: u32, same: u32) -> StorageReport {
    StorageReport::Imported { taken, same }
}

async fn call<R: Rows>(store: &mut Store<R>, name: &str, title: &str) {
    let (name, bytes) = (name.into(), title.as_bytes().to_vec());
    let request = StoreRequest::PutNote { name, note: Note::Title, bytes };
    assert_eq!(store.carry_out(request).await, None);
}

async fn export<R: Rows>(store: &mut Store<R>) -> Vec<u8> {
    match store.carry_out(StoreRequest::Export).await {
        Some(StorageReport::Exported(file)) => file,
        other => panic!("not exported: {other:?}"),
    }
}

async fn import<R: Rows>(store: &mut Store<R>, file: &[u8]) -> Option<StorageReport> {
    store.carry_out(StoreRequest::Import(file.to_vec())).await
}
