//! The inside of a replica: segments with their indexes, records in their batches, epochs, producers,
//! files. Long lists are turned page by page.

use yew::prelude::*;

use crate::engine::ids::{NodeId, Offset};
use crate::engine::time::Micros;
use crate::i18n::Arg;
use crate::ui::context::{Action, Opened, Part, Ui};
use crate::ui::format;
use crate::ui::inspector::{facts, pager, parts, pill};
use crate::view::inside::{
    BatchView, FileView, IndexView, PAGE, Place, RecordRow, ReplicaInside, SegmentRow,
};

/// Shows what is open of a replica.
pub fn show(ui: &Ui, replica: &ReplicaInside, opened: &Opened) -> Html {
    let all = [
        (Part::Main, "part-segments"),
        (Part::Records, "part-records"),
        (Part::Epochs, "part-epochs"),
        (Part::Files, "part-files"),
    ];
    let body = match opened.part {
        Part::Records => records(ui, replica, &opened.place),
        Part::Epochs => epochs(ui, replica),
        Part::Files => files(ui, replica),
        _ => segments(ui, replica, &opened.place),
    };
    html! { <>{ parts(ui, "part-label", &all, opened.part) }{ body }</> }
}

fn segments(ui: &Ui, replica: &ReplicaInside, place: &Place) -> Html {
    let page = &replica.segments;
    let largest = page.rows.iter().map(|row| row.bytes).max().unwrap_or(1);
    let row = |row: &SegmentRow| segment(ui, row, replica.index.as_ref(), place, largest);
    let turn = |first: u64| Action::Place(Place { segments: Some(first), ..place.clone() });
    html! {
        <>
            <ul class="files">{ for page.rows.iter().map(row) }</ul>
            { pager(ui, (page.first, page.rows.len() as u64, page.total), &turn) }
            { key(ui) }
        </>
    }
}

fn segment(
    ui: &Ui,
    row: &SegmentRow,
    index: Option<&IndexView>,
    place: &Place,
    largest: u64,
) -> Html {
    let open = index.filter(|index| index.base == row.base);
    let turned = match open {
        Some(_) => None,
        None => Some(row.base),
    };
    let toggle = Action::Place(Place { index: turned, entry: 0, ..place.clone() });
    let age = match row.age_ms {
        Some(ms) => ui.tr("segment-age", &[("age", Arg::from(span(ms)))]),
        None => ui.t("segment-empty"),
    };
    let args = [
        ("count", Arg::from(row.end.0 - row.base.0)),
        ("index", Arg::from(row.index_entries)),
        ("times", Arg::from(row.time_entries)),
    ];
    html! {
        <li key={row.base.0}>
            <div class="fn">
                <button class="mono lk" aria-expanded={open.is_some().to_string()} onclick={ui.on(toggle)}>
                    { format!("{:020}.log", row.base.0) }
                </button>
                if row.active { { pill(ui.t("segment-active"), false) } }
                <span class="num dim">{ format::bytes(row.bytes) }</span>
            </div>
            { bar(row.bytes, row.flushed_bytes, largest) }
            <p class="dim sm">{ ui.tr("segment-holds", &args) }{ " " }{ age }</p>
            if let Some(index) = open { { indexes(ui, index, place) } }
        </li>
    }
}

/// Both indexes of a segment, side by side.
fn indexes(ui: &Ui, index: &IndexView, place: &Place) -> Html {
    let row = |left: String, right: String| {
        html! { <tr><td class="num">{ left }</td><td class="num">{ right }</td></tr> }
    };
    let table = |name: &str, left: &str, right: &str, rows: Vec<Html>| {
        html! {
            <table>
                <caption class="mono">{ format!(".{name}") }</caption>
                <thead><tr><th class="num">{ ui.t(left) }</th><th class="num">{ ui.t(right) }</th></tr></thead>
                <tbody>{ for rows }</tbody>
            </table>
        }
    };
    let offsets = index.offsets.rows.iter().map(|(at, to)| row(at.to_string(), to.to_string()));
    let times = index.times.rows.iter().map(|(ms, at)| row(clock(*ms), at.to_string()));
    let (first, total) = match index.offsets.total >= index.times.total {
        true => (index.offsets.first, index.offsets.total),
        false => (index.times.first, index.times.total),
    };
    let shown = index.offsets.rows.len().max(index.times.rows.len()) as u64;
    let turn = |entry: u64| Action::Place(Place { entry, ..place.clone() });
    html! {
        <div class="indexes">
            { table("index", "column-offset", "column-position", offsets.collect()) }
            { table("timeindex", "column-time", "column-offset", times.collect()) }
            if total == 0 { <p class="dim sm">{ ui.t("index-empty") }</p> }
            { pager(ui, (first, shown, total), &turn) }
        </div>
    }
}

fn records(ui: &Ui, replica: &ReplicaInside, place: &Place) -> Html {
    if replica.log_end_offset == replica.log_start_offset {
        return html! { <p class="dim sm">{ ui.t("records-none") }</p> };
    }
    let (start, end) = (replica.log_start_offset.0, replica.log_end_offset.0);
    let first = place.record.map_or(end - i64::from(PAGE), |record| record.0).max(start);
    let turn = |skip: u64| {
        let at = start.saturating_add(i64::try_from(skip).unwrap_or(i64::MAX));
        // The last page follows the log's end.
        let record = (at + i64::from(PAGE) < end).then_some(Offset(at));
        Action::Place(Place { record, ..place.clone() })
    };
    let shown = u64::from(PAGE).min((end - first).unsigned_abs());
    let range = ((first - start).unsigned_abs(), shown, (end - start).unsigned_abs());
    html! {
        <>
            <table class="records">
                <thead><tr>
                    <th class="num">{ ui.t("column-offset") }</th><th>{ ui.t("column-time") }</th>
                    <th>{ ui.t("column-key") }</th><th>{ ui.t("column-value") }</th>
                </tr></thead>
                { for replica.batches.iter().map(|batch| batch_rows(ui, batch, replica.high_watermark)) }
            </table>
            { pager(ui, range, &turn) }
        </>
    }
}

/// A batch: a line about it, and a row for each of its records on the page.
fn batch_rows(ui: &Ui, batch: &BatchView, high_watermark: Offset) -> Html {
    let args = [
        ("base", Arg::from(batch.base.0)),
        ("last", Arg::from(batch.last.0)),
        ("epoch", Arg::from(batch.leader_epoch.0)),
        ("size", Arg::from(format::bytes(batch.bytes))),
    ];
    let producer = batch.producer.map(|(id, epoch, sequence)| {
        let args = [
            ("id", Arg::from(id)),
            ("epoch", Arg::from(i32::from(epoch))),
            ("sequence", Arg::from(sequence)),
        ];
        html! { <span>{ ui.tr("batch-producer", &args) }</span> }
    });
    let row = |record: &RecordRow| {
        let text = |text: &Option<std::rc::Rc<str>>| {
            text.as_ref().map_or_else(|| ui.t("null-value"), ToString::to_string)
        };
        let headers = (record.headers > 0)
            .then(|| ui.tr("record-headers", &[("count", Arg::from(record.headers))]));
        html! {
            <tr class={classes!((record.offset < high_watermark).then_some("committed"))}>
                <td class="num">{ record.offset.0 }</td>
                <td class="num" title={record.timestamp_ms.to_string()}>{ clock(record.timestamp_ms) }</td>
                <td class="mono">{ text(&record.key) }</td>
                <td class="mono">{ text(&record.value) }if let Some(headers) = headers { <span class="dim">{ " " }{ headers }</span> }</td>
            </tr>
        }
    };
    html! {
        <tbody key={batch.base.0}>
            <tr class="batch"><th colspan="4" scope="rowgroup">
                <span>{ ui.tr("batch-line", &args) }</span>
                if let Some(codec) = batch.codec { <span class="pill">{ codec }</span> }
                if batch.control { <span class="pill">{ ui.t("batch-control") }</span> }
                { producer }
            </th></tr>
            { for batch.records.iter().map(row) }
        </tbody>
    }
}

fn epochs(ui: &Ui, replica: &ReplicaInside) -> Html {
    let newest = replica.epochs.iter().rev().take(PAGE as usize);
    let older = replica.epochs.len().saturating_sub(PAGE as usize) as u64;
    html! {
        <>
            <table>
                <thead><tr><th>{ ui.t("column-epoch") }</th><th class="num">{ ui.t("column-starts-at") }</th></tr></thead>
                <tbody>{ for newest.map(|(epoch, from)| html! {
                    <tr><th scope="row" class="mono">{ epoch.0 }</th><td class="num">{ from.0 }</td></tr>
                }) }</tbody>
            </table>
            if older > 0 { <p class="dim sm">{ ui.tr("list-more", &[("n", Arg::from(older))]) }</p> }
            <p class="dim sm">{ ui.t("epochs-what") }</p>
            if !replica.producers.is_empty() { { producers(ui, replica) } }
        </>
    }
}

fn producers(ui: &Ui, replica: &ReplicaInside) -> Html {
    let row = |entry: &crate::view::inside::ProducerEntry| {
        html! {
            <tr>
                <th scope="row" class="mono">{ entry.id }</th><td class="num">{ entry.epoch }</td>
                <td class="num">{ entry.last_sequence }</td><td class="num">{ entry.last_offset.0 }</td>
            </tr>
        }
    };
    html! {
        <>
            <h3>{ ui.t("producers-title") }</h3>
            <table>
                <thead><tr>
                    <th>{ ui.t("column-producer-id") }</th><th class="num">{ ui.t("column-epoch") }</th>
                    <th class="num">{ ui.t("column-sequence") }</th><th class="num">{ ui.t("column-offset") }</th>
                </tr></thead>
                <tbody>{ for replica.producers.iter().take(PAGE as usize).map(row) }</tbody>
            </table>
        </>
    }
}

fn files(ui: &Ui, replica: &ReplicaInside) -> Html {
    let written = |offset: Option<Offset>| {
        offset.map_or_else(|| ui.t("checkpoint-none"), |offset| offset.to_string())
    };
    let largest = replica.files.iter().map(|file| file.bytes).max().unwrap_or(1);
    let row = |file: &FileView| {
        html! {
            <li key={&*file.name}>
                <span class="mono sm">{ &*file.name }</span>
                <div class="fn">
                    <span class="num dim">{ format::bytes(file.bytes) }</span>
                    { damage(ui, replica, file) }
                </div>
                { bar(file.bytes, file.flushed_bytes, largest) }
            </li>
        }
    };
    html! {
        <>
            { facts(vec![
                (ui.t("log-start"), replica.log_start_offset.to_string()),
                (ui.t("recovery-point"), replica.recovery_point.to_string()),
                (ui.t("recovery-point-on-disk"), written(replica.recovery_point_on_disk)),
                (ui.t("high-watermark-on-disk"), written(replica.high_watermark_on_disk)),
            ]) }
            <h3 class="mono">{ format!("{}/", replica.dir) }</h3>
            <ul class="files">{ for replica.files.iter().take(4 * PAGE as usize).map(row) }</ul>
            { key(ui) }
        </>
    }
}

/// Buttons that damage a file: a bit turns, the last write is torn.
fn damage(ui: &Ui, replica: &ReplicaInside, file: &FileView) -> Html {
    let node = NodeId::Broker(replica.broker);
    let path: crate::engine::ids::Text = format!("{}/{}", replica.dir, file.name).into();
    let button = |key: &str, label: &str, why_not: Option<&str>, action: Action| {
        let label = ui.tr(label, &[("file", Arg::from(&*file.name))]);
        let title = why_not.map_or_else(|| label.clone(), |key| ui.t(key));
        html! {
            <button class="btn sm danger" {title} aria-label={label} disabled={file.bytes == 0 || why_not.is_some()}
                onclick={ui.on(action)}>{ ui.t(key) }</button>
        }
    };
    let running = replica.running.then_some("tear-while-running");
    html! {
        <>
            { button("tear", "tear-label", running, Action::Tear(node, path.clone())) }
            { button("flip", "flip-label", None, Action::Flip(node, path)) }
        </>
    }
}

/// How much of a file is flushed, and how much stands in the page cache only.
fn bar(bytes: u64, flushed: u64, largest: u64) -> Html {
    let width = |bytes| format!("width:{}", format::percent(bytes, largest));
    html! {
        <div class="fb"><i class="pc" style={width(bytes)}></i><i class="fl" style={width(flushed)}></i></div>
    }
}

fn key(ui: &Ui) -> Html {
    html! {
        <div class="key">
            <span><i class="sw fl"></i>{ ui.t("files-flushed") }</span>
            <span><i class="sw pc"></i>{ ui.t("files-page-cache") }</span>
        </div>
    }
}

/// A timestamp as a time of the day, UTC: `00:42.068`.
fn clock(ms: i64) -> String {
    const DAY_MS: i64 = 86_400_000;
    format::clock(Micros::from_ms(ms.rem_euclid(DAY_MS)))
}

/// A span of ms in the unit that suits it.
fn span(ms: i64) -> String {
    match ms {
        ..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        60_000..3_600_000 => format!("{} min", ms / 60_000),
        _ => format!("{} h", ms / 3_600_000),
    }
}
