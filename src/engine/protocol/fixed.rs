//! Answers that follow from the request alone: of APIs that a broker of 3.9 in ZooKeeper mode has and whose
//! service is off, as it is without an authorizer, without SASL and without the new group coordinator.
//! Measured on a real one, frame by frame (`tests/data/fixed_answers.json`).

use bytes::{Bytes, BytesMut};
use kafka_protocol::ResponseError as Error;
use kafka_protocol::messages::alter_user_scram_credentials_response::AlterUserScramCredentialsResult;
use kafka_protocol::messages::consumer_group_describe_response::DescribedGroup;
use kafka_protocol::messages::create_acls_response::AclCreationResult;
use kafka_protocol::messages::delete_acls_response::DeleteAclsFilterResult;
use kafka_protocol::messages::describe_user_scram_credentials_response::DescribeUserScramCredentialsResult;
use kafka_protocol::messages::{
    self as kafka, AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse, ApiKey,
    ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse, CreateAclsRequest, CreateAclsResponse, DeleteAclsRequest,
    DeleteAclsResponse, DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse,
    SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
};
use kafka_protocol::protocol::{Decodable, Encodable, Message, StrBytes};

use crate::engine::protocol::wary;

const NO_AUTHORIZER: &str = "No Authorizer is configured.";
const LATE_SASL: &str = "SaslAuthenticate request received after successful authentication";
const NOBODY_TO_DELETE: &str = "Attempt to delete a user credential that does not exist";
/// First version of CreateDelegationToken that tells who asked.
const TELLS_REQUESTER: i16 = 3;

/// An answer in the bytes of the version that was asked in.
#[derive(Clone, Debug, PartialEq)]
pub struct FixedAnswer {
    pub(super) api: ApiKey,
    pub(super) body: Bytes,
}

/// The answer to a request of such an API; `None` when it is none, or cannot be read.
pub(super) fn answer(api: ApiKey, version: i16, bytes: &Bytes) -> Option<FixedAnswer> {
    let body = match api {
        ApiKey::ConsumerGroupDescribe => reply(bytes, version, describe_groups),
        ApiKey::ConsumerGroupHeartbeat => reply(bytes, version, heartbeat),
        ApiKey::CreateAcls => reply(bytes, version, create_acls),
        ApiKey::DeleteAcls => reply(bytes, version, delete_acls),
        ApiKey::SaslHandshake => reply(bytes, version, sasl_handshake),
        ApiKey::SaslAuthenticate => reply(bytes, version, sasl_authenticate),
        ApiKey::DescribeUserScramCredentials => reply(bytes, version, describe_credentials),
        ApiKey::AlterUserScramCredentials => reply(bytes, version, alter_credentials),
        ApiKey::CreateDelegationToken => {
            reply(bytes, version, |_: &kafka::CreateDelegationTokenRequest| create_token(version))
        }
        ApiKey::RenewDelegationToken => {
            reply(bytes, version, |_: &kafka::RenewDelegationTokenRequest| {
                kafka::RenewDelegationTokenResponse::default()
                    .with_error_code(Error::DelegationTokenRequestNotAllowed.code())
                    .with_expiry_timestamp_ms(-1)
            })
        }
        ApiKey::ExpireDelegationToken => {
            reply(bytes, version, |_: &kafka::ExpireDelegationTokenRequest| {
                kafka::ExpireDelegationTokenResponse::default()
                    .with_error_code(Error::DelegationTokenRequestNotAllowed.code())
                    .with_expiry_timestamp_ms(-1)
            })
        }
        ApiKey::DescribeDelegationToken => {
            reply(bytes, version, |_: &kafka::DescribeDelegationTokenRequest| {
                kafka::DescribeDelegationTokenResponse::default()
                    .with_error_code(Error::DelegationTokenRequestNotAllowed.code())
            })
        }
        _ => None,
    };
    body.map(|body| FixedAnswer { api, body })
}

pub(super) fn reply<Q: Decodable + Message, A: Encodable + Message>(
    bytes: &Bytes,
    version: i16,
    answer: impl FnOnce(&Q) -> A,
) -> Option<Bytes> {
    let served = |it: kafka_protocol::protocol::VersionRange| (it.min..=it.max).contains(&version);
    (served(Q::VERSIONS) && served(A::VERSIONS)).then_some(())?;
    let asked: Q = wary::read(bytes, version)?;
    let mut body = BytesMut::new();
    answer(&asked).encode(&mut body, version).ok()?;
    Some(body.freeze())
}

pub(super) fn text(words: &str) -> Option<StrBytes> {
    Some(StrBytes::from_string(words.to_owned()))
}

fn describe_groups(asked: &ConsumerGroupDescribeRequest) -> ConsumerGroupDescribeResponse {
    let unsupported = |id: &kafka::GroupId| {
        DescribedGroup::default()
            .with_group_id(id.clone())
            .with_error_code(Error::UnsupportedVersion.code())
    };
    ConsumerGroupDescribeResponse::default()
        .with_groups(asked.group_ids.iter().map(unsupported).collect())
}

fn heartbeat(_: &ConsumerGroupHeartbeatRequest) -> ConsumerGroupHeartbeatResponse {
    ConsumerGroupHeartbeatResponse::default().with_error_code(Error::UnsupportedVersion.code())
}

fn create_acls(asked: &CreateAclsRequest) -> CreateAclsResponse {
    let refused = AclCreationResult::default()
        .with_error_code(Error::SecurityDisabled.code())
        .with_error_message(text(NO_AUTHORIZER));
    CreateAclsResponse::default().with_results(vec![refused; asked.creations.len()])
}

fn delete_acls(asked: &DeleteAclsRequest) -> DeleteAclsResponse {
    let refused = DeleteAclsFilterResult::default()
        .with_error_code(Error::SecurityDisabled.code())
        .with_error_message(text(NO_AUTHORIZER));
    DeleteAclsResponse::default().with_filter_results(vec![refused; asked.filters.len()])
}

fn sasl_handshake(_: &SaslHandshakeRequest) -> SaslHandshakeResponse {
    SaslHandshakeResponse::default().with_error_code(Error::IllegalSaslState.code())
}

fn sasl_authenticate(_: &SaslAuthenticateRequest) -> SaslAuthenticateResponse {
    SaslAuthenticateResponse::default()
        .with_error_code(Error::IllegalSaslState.code())
        .with_error_message(text(LATE_SASL))
}

/// Nobody has credentials.
fn describe_credentials(
    asked: &DescribeUserScramCredentialsRequest,
) -> DescribeUserScramCredentialsResponse {
    let unknown = asked.users.iter().flatten().map(|user| {
        let words = "Attempt to describe a user credential that does not exist";
        DescribeUserScramCredentialsResult::default()
            .with_user(user.name.clone())
            .with_error_code(Error::ResourceNotFound.code())
            .with_error_message(text(&format!("{words}: {}", user.name)))
    });
    DescribeUserScramCredentialsResponse::default().with_results(unknown.collect())
}

/// Setting credentials is not modelled: it fails as with a broker that lacks it.
fn alter_credentials(
    asked: &AlterUserScramCredentialsRequest,
) -> AlterUserScramCredentialsResponse {
    let result = |user: &StrBytes, error: Error, words: Option<StrBytes>| {
        AlterUserScramCredentialsResult::default()
            .with_user(user.clone())
            .with_error_code(error.code())
            .with_error_message(words)
    };
    let deleted = asked
        .deletions
        .iter()
        .map(|it| result(&it.name, Error::ResourceNotFound, text(NOBODY_TO_DELETE)));
    let set = asked.upsertions.iter().map(|it| result(&it.name, Error::UnsupportedVersion, None));
    AlterUserScramCredentialsResponse::default().with_results(deleted.chain(set).collect())
}

fn create_token(version: i16) -> kafka::CreateDelegationTokenResponse {
    let (kind, name) = ("User", "ANONYMOUS");
    let refused = kafka::CreateDelegationTokenResponse::default()
        .with_error_code(Error::DelegationTokenRequestNotAllowed.code())
        .with_principal_type(StrBytes::from_static_str(kind))
        .with_principal_name(StrBytes::from_static_str(name))
        .with_issue_timestamp_ms(-1)
        .with_expiry_timestamp_ms(-1)
        .with_max_timestamp_ms(-1);
    if version < TELLS_REQUESTER {
        return refused;
    }
    refused
        .with_token_requester_principal_type(StrBytes::from_static_str(kind))
        .with_token_requester_principal_name(StrBytes::from_static_str(name))
}
