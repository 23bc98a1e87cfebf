#include "sql/testing/crate_schema.h"

namespace tidemill::sql::testing {

Schema CrateSchema(std::size_t versions) {
  Schema schema{.module = "crates"};
  schema.versions.push_back(
      {.postgres = {"create table crates (id integer primary key, label text not null)",
                    "create index crates_label on crates (label)"},
       .sqlite = {"create table crates (id integer primary key, label text not null) strict",
                  "create index crates_label on crates (label)"}});
  schema.versions.push_back(
      {.postgres = {"alter table crates add column weight integer",
                    "insert into crates (id, label, weight) values (1, 'it''s; first', 5)"},
       .sqlite = {"alter table crates add column weight integer",
                  "insert into crates (id, label, weight) values (1, 'it''s; first', 5)"}});
  schema.versions.push_back(
      {.postgres = {"create function crates_weigh() returns trigger language plpgsql as $$\nbegin\n"
                    "  new.weight := coalesce(new.weight, 1);  -- a; b\n  return new;\nend $$",
                    "create trigger crates_weigh before insert on crates for each row execute function "
                    "crates_weigh()"},
       .sqlite = {"create trigger crates_weigh after insert on crates when new.weight is null begin\n"
                  "  update crates set weight = 1 where id = new.id;  -- a; b\nend"}});
  schema.versions.resize(versions);
  return schema;
}

}  // namespace tidemill::sql::testing
