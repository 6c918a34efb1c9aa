//! Quotas of users, clients and addresses: told and changed (`ZkAdminManager.describeClientQuotas`,
//! `alterClientQuotas`, KIP-546). They stand in znodes of their own, and any broker reads and writes them
//! there; nothing is slowed down by them.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::alter_client_quotas_request::{EntryData as Alteration, OpData};
use kafka_protocol::messages::alter_client_quotas_response::{
    EntityData as AlteredEntity, EntryData as Altered,
};
use kafka_protocol::messages::describe_client_quotas_request::ComponentData;
use kafka_protocol::messages::describe_client_quotas_response::{EntityData, EntryData, ValueData};
use kafka_protocol::messages::{
    AlterClientQuotasRequest, AlterClientQuotasResponse, DescribeClientQuotasRequest,
    DescribeClientQuotasResponse,
};
use kafka_protocol::protocol::StrBytes;

use crate::engine::controller::failover::children;
use crate::engine::controller::operation::Asker;
use crate::engine::controller::quota_entity::{Entity, Kind, QuotaKey};
use crate::engine::controller::state_json::{
    self, CONFIG_CHANGE_PREFIX, CONFIG_CHANGES, in_zookeepers_order,
};
use crate::engine::controller::{AdminTask, ControlPlane, Tag};
use crate::engine::ids::Text;
use crate::engine::node::Ctx;
use crate::engine::protocol::inter_broker::TopicOverrides;
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult};
use crate::engine::protocol::{Payload, Request, Response};

type Results = [Result<ZkResult, ZkError>];
type Refusal = (ResponseError, String);

/// `ClientQuotaFilterComponent`: of this name, of no name, of any.
const EXACT: i8 = 0;
const DEFAULT: i8 = 1;

/// A request about quotas that waits for ZooKeeper.
#[derive(Clone, Debug)]
pub struct QuotaTask {
    asker: Asker,
    step: Step,
}

#[derive(Clone, Debug)]
enum Step {
    /// Whose quotas there are: users, clients and addresses.
    Names(DescribeClientQuotasRequest),
    /// What they are, and for which of their clients users have others.
    Quotas { request: DescribeClientQuotasRequest, asked: Vec<Entity>, found: Vec<Found> },
    /// What is to be changed, as it is.
    Before { request: AlterClientQuotasRequest, entities: Vec<Result<Entity, Refusal>> },
    /// The changes; with each the number of its writes, or why there are none.
    Changes { request: AlterClientQuotasRequest, writes: Vec<Result<u32, Refusal>> },
}

/// Whose quotas, and which.
type Found = (Entity, TopicOverrides);

impl ControlPlane {
    /// DescribeClientQuotas or AlterClientQuotas.
    pub fn client_quotas(&mut self, ctx: &mut Ctx, asker: Asker, request: Request) {
        let (step, ops) = match request {
            Request::DescribeClientQuotas(request) => {
                let read = |kind: &Kind| ZkOp::GetChildren { path: kind.folder(), watch: false };
                (Step::Names(request), Kind::ALL.iter().map(read).collect())
            }
            Request::AlterClientQuotas(request) => {
                let entities: Vec<Result<Entity, Refusal>> =
                    request.entries.iter().map(entity_of).collect();
                let ops = entities.iter().flatten().flat_map(reads_before).collect();
                (Step::Before { request, entities }, ops)
            }
            _ => return,
        };
        self.ask_of_quotas(ctx, QuotaTask { asker, step }, ops);
    }

    fn ask_of_quotas(&mut self, ctx: &mut Ctx, task: QuotaTask, ops: Vec<ZkOp>) {
        let id = self.add_task(AdminTask::Quotas(task));
        if ops.is_empty() {
            let task = self.tasks.remove(&id);
            if let Some(AdminTask::Quotas(task)) = task {
                self.quotas_answered(ctx, task, &[]);
            }
            return;
        }
        self.zk.ask(ctx, Tag::Admin(id), ops);
    }

    /// ZooKeeper's answer.
    pub(super) fn quotas_answered(&mut self, ctx: &mut Ctx, task: QuotaTask, results: &Results) {
        let asker = task.asker;
        match task.step {
            Step::Names(request) => {
                let asked = named(results);
                let ops = asked.iter().flat_map(reads).collect();
                let step = Step::Quotas { request, asked, found: Vec::new() };
                self.ask_of_quotas(ctx, QuotaTask { asker, step }, ops);
            }
            Step::Quotas { request, asked, mut found } => {
                let more = read(&asked, results, &mut found);
                if more.is_empty() {
                    let answer = Response::DescribeClientQuotas(told(&request, &found));
                    return respond(ctx, asker, answer);
                }
                let ops = more.iter().flat_map(reads).collect();
                let step = Step::Quotas { request, asked: more, found };
                self.ask_of_quotas(ctx, QuotaTask { asker, step }, ops);
            }
            Step::Before { request, entities } => {
                let (writes, ops) = decide(&request, entities, results);
                let step = Step::Changes { request, writes };
                self.ask_of_quotas(ctx, QuotaTask { asker, step }, ops);
            }
            Step::Changes { request, writes } => {
                respond(ctx, asker, done(&request, writes, results));
            }
        }
    }

    /// The session is over: nobody knows what became of it.
    pub(super) fn quotas_abandoned(ctx: &mut Ctx, task: QuotaTask) {
        let lost = ResponseError::UnknownServerError;
        let answer = match task.step {
            Step::Names(_) | Step::Quotas { .. } => Response::DescribeClientQuotas(
                DescribeClientQuotasResponse::default().with_error_code(lost.code()),
            ),
            Step::Before { request, .. } | Step::Changes { request, .. } => {
                let all = request.entries.iter().map(|_| Err((lost, String::new()))).collect();
                done(&request, all, &[])
            }
        };
        respond(ctx, task.asker, answer);
    }
}

fn respond(ctx: &mut Ctx, asker: Asker, body: Response) {
    let Asker { from, correlation, version } = asker;
    ctx.send(from, Payload::Response { correlation, version, body });
}

fn named(results: &Results) -> Vec<Entity> {
    let mut entities = Vec::new();
    for (index, kind) in Kind::ALL.iter().enumerate() {
        let names = in_zookeepers_order(&children(results.get(index)));
        entities.extend(names.iter().map(|name| Entity::stored(*kind, name)));
    }
    entities
}

/// A user's znode has those of its clients below it.
fn reads(entity: &Entity) -> Vec<ZkOp> {
    let mut ops = vec![ZkOp::GetData { path: entity.path(), watch: false }];
    ops.extend(entity.clients_folder().map(|path| ZkOp::GetChildren { path, watch: false }));
    ops
}

/// Takes in quotas as read; returns the clients of users, to be read next.
fn read(asked: &[Entity], results: &Results, found: &mut Vec<Found>) -> Vec<Entity> {
    let mut results = results.iter();
    let mut more = Vec::new();
    for entity in asked {
        let data = results.next();
        if let Some(Ok(ZkResult::Data { data, .. })) = data {
            found.push((entity.clone(), state_json::read_config(data).unwrap_or_default()));
        }
        if entity.clients_folder().is_some() {
            let names = in_zookeepers_order(&children(results.next()));
            more.extend(names.iter().map(|name| entity.with_client(name)));
        }
    }
    more
}

fn told(request: &DescribeClientQuotasRequest, found: &[Found]) -> DescribeClientQuotasResponse {
    let mut kinds: Vec<&str> = Vec::new();
    for component in &request.components {
        let kind = component.entity_type.as_str();
        let words = match Kind::named(kind) {
            _ if kind.is_empty() => "Unexpected empty filter component entity type".to_owned(),
            None => format!("Custom entity type '{kind}' not supported"),
            Some(_) if kinds.contains(&kind) => {
                format!("Duplicate {kind} filter component entity type")
            }
            Some(_) => {
                kinds.push(kind);
                continue;
            }
        };
        return DescribeClientQuotasResponse::default()
            .with_error_code(ResponseError::InvalidRequest.code())
            .with_error_message(Some(StrBytes::from_string(words)));
    }
    let entries = found.iter().filter_map(|(entity, quotas)| {
        let values: Vec<ValueData> = quotas
            .iter()
            .filter(|(key, _)| QuotaKey::named(key).is_some_and(|key| key.is_of(entity)))
            .map(|(key, value)| {
                let key = StrBytes::from_string(key.to_string());
                ValueData::default().with_key(key).with_value(value.parse().unwrap_or_default())
            })
            .collect();
        let is_wanted = !values.is_empty() && matches(request, entity);
        is_wanted.then(|| {
            let parts = entity.parts().map(|(kind, name)| {
                EntityData::default()
                    .with_entity_type(StrBytes::from_static_str(kind.name()))
                    .with_entity_name(name.map(wire))
            });
            EntryData::default().with_entity(parts.collect()).with_values(values)
        })
    });
    DescribeClientQuotasResponse::default().with_entries(Some(entries.collect()))
}

fn wire(name: &Text) -> StrBytes {
    StrBytes::from_string(name.to_string())
}

/// Whether a filter lets an entity through: each of its components fits, and a strict one knows no others.
fn matches(request: &DescribeClientQuotasRequest, entity: &Entity) -> bool {
    let fits = |component: &ComponentData| {
        let part = entity.parts().find(|(kind, _)| *kind.name() == *component.entity_type);
        part.is_some_and(|(_, name)| match component.match_type {
            EXACT => name.map(|name| &**name) == component._match.as_deref(),
            DEFAULT => name.is_none(),
            _ => true,
        })
    };
    let all = !request.strict || entity.parts().count() == request.components.len();
    all && request.components.iter().all(fits)
}

fn entity_of(entry: &Alteration) -> Result<Entity, Refusal> {
    let parts = entry.entity.iter().map(|part| (&*part.entity_type, part.entity_name.as_deref()));
    Entity::of(parts).map_err(|words| (ResponseError::InvalidRequest, words))
}

fn reads_before(entity: &Entity) -> Vec<ZkOp> {
    let mut ops = vec![ZkOp::GetData { path: entity.path(), watch: false }];
    ops.extend(entity.parents().into_iter().map(|path| ZkOp::Exists { path, watch: false }));
    ops
}

/// The writes of what can be changed, and for each entry how many they are.
fn decide(
    request: &AlterClientQuotasRequest,
    entities: Vec<Result<Entity, Refusal>>,
    results: &Results,
) -> (Vec<Result<u32, Refusal>>, Vec<ZkOp>) {
    let (mut decided, mut ops) = (Vec::new(), Vec::new());
    let mut results = results.iter();
    for (entry, entity) in request.entries.iter().zip(entities) {
        let writes = entity.and_then(|entity| {
            let stored = results.next();
            let parents: Vec<(Text, bool)> = entity
                .parents()
                .into_iter()
                .map(|path| (path, matches!(results.next(), Some(Ok(_)))))
                .collect();
            let before = match stored {
                Some(Ok(ZkResult::Data { data, .. })) => {
                    state_json::read_config(data).unwrap_or_default()
                }
                _ => TopicOverrides::new(),
            };
            let after = changed(&entity, before, &entry.ops)?;
            Ok(writes(&entity, &after, matches!(stored, Some(Ok(_))), &parents))
        });
        decided.push(writes.map(|writes| {
            if request.validate_only {
                return 0;
            }
            let count = u32::try_from(writes.len()).unwrap_or(u32::MAX);
            ops.extend(writes);
            count
        }));
    }
    (decided, ops)
}

/// The quotas as they would be.
fn changed(
    entity: &Entity,
    mut quotas: TopicOverrides,
    ops: &[OpData],
) -> Result<TopicOverrides, Refusal> {
    for op in ops {
        let name = &*op.key;
        let refuse = |words: String| (ResponseError::InvalidRequest, words);
        let key = QuotaKey::named(name).filter(|key| key.is_of(entity));
        let key = key.ok_or_else(|| refuse(format!("Invalid configuration key {name}")))?;
        if op.remove {
            quotas.remove(name);
            continue;
        }
        let value = key.stored(&op.value.to_string()).ok_or_else(|| {
            refuse(format!("Configuration {name} must be a {} value", key.type_name()))
        })?;
        quotas.insert(name.into(), value.into());
    }
    Ok(quotas)
}

/// Znodes above it that are not there yet, its own, and the notification.
fn writes(
    entity: &Entity,
    quotas: &TopicOverrides,
    is_there: bool,
    parents: &[(Text, bool)],
) -> Vec<ZkOp> {
    let create = |path: &Text, data: Text| ZkOp::Create {
        path: path.clone(),
        data,
        ephemeral: false,
        sequential: false,
    };
    let missing = parents.iter().filter(|(_, is_there)| !is_there);
    let mut ops: Vec<ZkOp> = missing.map(|(path, _)| create(path, "".into())).collect();
    let (path, data) = (entity.path(), state_json::config(quotas));
    ops.push(match is_there {
        true => ZkOp::SetData { path, data, version: -1 },
        false => create(&path, data),
    });
    ops.push(ZkOp::Create {
        path: format!("{CONFIG_CHANGES}/{CONFIG_CHANGE_PREFIX}").into(),
        data: state_json::config_change_of(&entity.name()),
        ephemeral: false,
        sequential: true,
    });
    ops
}

fn done(
    request: &AlterClientQuotasRequest,
    writes: Vec<Result<u32, Refusal>>,
    results: &Results,
) -> Response {
    let mut results = results.iter();
    let entries = request.entries.iter().zip(writes).map(|(entry, writes)| {
        let entity = entry.entity.iter().map(|part| {
            AlteredEntity::default()
                .with_entity_type(part.entity_type.clone())
                .with_entity_name(part.entity_name.clone())
        });
        let row = Altered::default().with_entity(entity.collect());
        let refusal = match writes {
            Ok(count) => (0..count)
                .filter_map(|_| results.next())
                .any(Result::is_err)
                .then(|| (ResponseError::UnknownServerError, String::new())),
            Err(refusal) => Some(refusal),
        };
        match refusal {
            None => row,
            Some((error, words)) => row
                .with_error_code(error.code())
                .with_error_message(Some(StrBytes::from_string(words))),
        }
    });
    let response = AlterClientQuotasResponse::default().with_entries(entries.collect());
    Response::AlterClientQuotas(response)
}
