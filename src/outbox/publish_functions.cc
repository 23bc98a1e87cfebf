#include "outbox/publish_functions.h"

namespace tidemill::outbox {
namespace {

// The functions run with the rights of the schema's owner, so a caller needs none on any table, and with a
// search_path of their own in which temporary tables come last, so nothing of a caller's is found instead.
constexpr std::string_view kFixedPath =
    "select set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true)";

// Committing a NOTIFY waits for that of every other transaction of the server, so there is none while the
// relay looks by itself, and none when there is no relay. While there is none nobody else counts the entries:
// the span of their ids, which has gaps, says quickly that there are not too many.
constexpr std::string_view kAdmit = R"sql(create function tidemill_outbox_admit() returns void
language plpgsql set search_path from current as $$
declare
  relay tidemill_outbox_owner;
  is_relayed boolean;
begin
  select * into relay from tidemill_outbox_owner;
  is_relayed := relay.expires_at > extract(epoch from clock_timestamp()) * 1000;
  if relay.is_full or (not is_relayed
      and (select max(id) - min(id) + 1 from tidemill_outbox) >= relay.depth_max
      and (select count(*) from (select 1 from tidemill_outbox limit relay.depth_max) as waiting)
        >= relay.depth_max) then
    raise exception 'the outbox is full: as many entries wait as outbox.depth_max allows, %', relay.depth_max
      using errcode = '53400', hint = 'See whether a server relays it: tidemill outbox status';
  end if;
  if relay.asleep and is_relayed then
    perform pg_notify('tidemill_outbox', current_schema());
  end if;
end $$)sql";

constexpr std::string_view kPublish = R"sql(create function publish(
  channel text, data jsonb, key text default null, tags jsonb default null, idempotency_key text default null,
  version bigint default null, version_epoch text default null, skip_history boolean default null,
  in_turn boolean default false)
returns bigint language plpgsql security definer set search_path from current as $$
declare
  options jsonb := jsonb_strip_nulls(jsonb_build_object('tags', tags, 'idempotency_key', idempotency_key,
    'version', version, 'version_epoch', version_epoch, 'skip_history', skip_history));
  wrong text;
  entry bigint;
begin
  wrong := case
    when channel is null or octet_length(channel) not between 1 and 255
    then 'channel must be a text of 1 to 255 bytes'
    when data is null
    then 'data must be a JSON value; for none at all give ''null''::jsonb'
    when octet_length(data::text) > 1048576
    then 'data have at most 1 MiB'
    when octet_length(key) > 255
    then 'key has at most 255 bytes'
    when jsonb_typeof(tags) <> 'object' or jsonb_path_exists(tags, '$.* ? (@.type() != "string")')
    then 'tags must be a JSON object of texts'
    when octet_length(idempotency_key) > 512 or octet_length(version_epoch) > 512
    then 'idempotency_key and version_epoch have at most 512 bytes'
    when version < 0
    then 'version must not be negative'
    when octet_length(options::text) > 16384
    then 'tags and the like have at most 16 KiB'
  end;
  if wrong is not null then
    raise exception '%', wrong using errcode = '22023';
  end if;
  if in_turn then
    perform pg_advisory_xact_lock(hashtextextended('tidemill_outbox ' || coalesce(key, channel), 0));
  end if;
  perform tidemill_outbox_admit();
  insert into tidemill_outbox (target, key, data, options)
    values (channel, coalesce(key, ''), data::text, case when options <> '{}' then options::text else '' end)
    returning id into entry;
  return entry;
end $$)sql";

// It is a job like those of enqueue: what the jobs do with one that fails they do with this one too.
constexpr std::string_view kWebhook = R"sql(create function webhook(
  name text, payload jsonb, run_at timestamptz default null, retry int default 25, jid text default null)
returns text language plpgsql security definer set search_path from current as $$
begin
  if payload is null then
    raise exception 'payload must be a JSON value' using errcode = '22023';
  end if;
  if to_regclass('tidemill_jobs_inbox') is null then
    raise exception 'webhooks are jobs, and there are none here'
      using errcode = '55000', hint = 'Set jobs.enabled, and the push.url of a queue, in the configuration';
  end if;
  return enqueue('webhook', jsonb_build_array(payload), queue => name, run_at => run_at, retry => retry,
    jid => jid);
end $$)sql";

// Whoever is to publish is granted it by name.
constexpr std::string_view kRevoke =
    "revoke all on function tidemill_outbox_admit(), webhook(text, jsonb, timestamptz, int, text),\n"
    "  publish(text, jsonb, text, jsonb, text, bigint, text, boolean, boolean) from public";

}  // namespace

sql::SchemaStatements PublishFunctions() { return {kFixedPath, kAdmit, kPublish, kWebhook, kRevoke}; }

}  // namespace tidemill::outbox
