#include "jobs/store/enqueue_functions.h"

namespace tidemill::jobs {
namespace {

// The functions run with the rights of the schema's owner, so a caller needs none on any table, and with a
// search_path of their own in which temporary tables come last, so nothing of a caller's is found instead.
constexpr std::string_view kFixedPath =
    "select set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true)";

// What is refused here is refused by job::ParseJob too; here it is said to whoever wrote the SQL, in time.
constexpr std::string_view kCheck = R"sql(create function tidemill_jobs_check(given jsonb) returns jsonb
language plpgsql set search_path from current as $$
declare
  made jsonb;
  wrong text;
begin
  if jsonb_typeof(given) is distinct from 'object' then
    raise exception 'a job must be a JSON object' using errcode = '22023';
  end if;
  made := (select jsonb_object_agg(key, value) from jsonb_each(given) where value <> 'null');
  wrong := case
    when jsonb_typeof(made -> 'jobtype') is distinct from 'string'
      or made ->> 'jobtype' !~ '^[^[:cntrl:]]+$' or octet_length(made ->> 'jobtype') > 256
    then 'jobtype must be a text of 1 to 256 bytes without control characters'
    when jsonb_typeof(made -> 'args') is distinct from 'array'
    then 'args must be a JSON array'
    when made ? 'queue' and (jsonb_typeof(made -> 'queue') <> 'string'
      or made ->> 'queue' !~ '^[A-Za-z0-9._-]{1,128}$' or made ->> 'queue' in ('.', '..'))
    then 'queue must have 1 to 128 letters, digits, dots, underscores and dashes'
    when made ? 'jid' and (jsonb_typeof(made -> 'jid') <> 'string'
      or made ->> 'jid' !~ '^[\x21\x23-\x5b\x5d-\x7e]{8,128}$')
    then 'jid must have 8 to 128 visible ASCII characters, without quotes and backslashes'
    when made ? 'retry' and (jsonb_typeof(made -> 'retry') <> 'number' or made ->> 'retry' !~ '^-?[0-9]{1,4}$'
      or (made ->> 'retry')::int not between -1 and 1000)
    then 'retry must be an integer from -1 to 1000'
    when made ? 'reserve_for' and (jsonb_typeof(made -> 'reserve_for') <> 'number'
      or made ->> 'reserve_for' !~ '^[0-9]{1,5}$' or (made ->> 'reserve_for')::int > 86400)
    then 'reserve_for must be an integer of seconds, up to 86400'
    when made ? 'custom' and jsonb_typeof(made -> 'custom') <> 'object'
    then 'custom must be a JSON object'
    when octet_length(made::text) > 1048320
    then 'a job has at most 1 MiB'
  end;
  if wrong is not null then
    raise exception '%', wrong using errcode = '22023';
  end if;
  return jsonb_build_object('jid', 'q' || replace(gen_random_uuid()::text, '-', ''), 'created_at',
    to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) || made;
end $$)sql";

// Committing a NOTIFY waits for that of every other transaction of the server, so there is none while the
// engine looks into the inbox by itself.
constexpr std::string_view kRing = R"sql(create function tidemill_jobs_ring() returns void
language plpgsql set search_path from current as $$
begin
  if (select asleep from tidemill_jobs_owner) then
    perform pg_notify('tidemill_jobs', current_schema());
  end if;
end $$)sql";

constexpr std::string_view kEnqueue = R"sql(create function enqueue(
  jobtype text, args jsonb default '[]', queue text default 'default', run_at timestamptz default null,
  retry int default 25, reserve_for int default 1800, custom jsonb default null, jid text default null)
returns text language plpgsql security definer set search_path from current as $$
declare
  made jsonb;
begin
  if not isfinite(run_at) then
    raise exception 'run_at must be a time' using errcode = '22023';
  end if;
  made := tidemill_jobs_check(jsonb_build_object('jid', jid, 'jobtype', jobtype, 'args', args, 'queue', queue,
    'at', to_char(run_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'retry', retry,
    'reserve_for', reserve_for, 'custom', custom));
  insert into tidemill_jobs_inbox (job) values (made::text);
  perform tidemill_jobs_ring();
  return made ->> 'jid';
end $$)sql";

constexpr std::string_view kEnqueueMany = R"sql(create function enqueue_many(jobs jsonb) returns text[]
language plpgsql security definer set search_path from current as $$
declare
  jids text[];
begin
  if jsonb_typeof(jobs) is distinct from 'array' then
    raise exception 'jobs must be a JSON array of jobs' using errcode = '22023';
  end if;
  if jsonb_array_length(jobs) > 10000 then
    raise exception 'at most 10000 jobs at once' using errcode = '22023';
  end if;
  with made as materialized (
    select tidemill_jobs_check(value) as job, number
    from jsonb_array_elements(jobs) with ordinality as given (value, number)
  ), kept as (
    insert into tidemill_jobs_inbox (job) select made.job::text from made order by number
  )
  select coalesce(array_agg(made.job ->> 'jid' order by number), '{}') into jids from made;
  perform tidemill_jobs_ring();
  return jids;
end $$)sql";

// Whoever is to enqueue is granted it by name.
constexpr std::string_view kRevoke =
    "revoke all on function tidemill_jobs_check(jsonb), tidemill_jobs_ring(), enqueue_many(jsonb),\n"
    "  enqueue(text, jsonb, text, timestamptz, int, int, jsonb, text) from public";

}  // namespace

sql::SchemaStatements EnqueueFunctions() {
  return {kFixedPath, kCheck, kRing, kEnqueue, kEnqueueMany, kRevoke};
}

}  // namespace tidemill::jobs
