#include "cli/outbox/trigger_sql.h"

#include <gtest/gtest.h>

namespace tidemill::cli {
namespace {

TEST(TriggerSql, IsAScriptThatPublishes) {
  const auto sql = TriggerSql({.table = "shop.orders",
                               .channel = "it's",
                               .key = "id",
                               .columns = {"id", "state"},
                               .on_insert = true,
                               .on_delete = true,
                               .schema = "tide\"mill"});
  ASSERT_TRUE(sql) << sql.error().detail;
  EXPECT_EQ(*sql,
            R"(-- Publishes each insert or delete of "shop"."orders"
-- in the channel 'it''s', if and when its transaction commits.
begin;
create or replace function "shop"."tidemill_outbox_orders"() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $tidemill$
declare
  changed jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
begin
  perform "tide""mill".publish('it''s',
    jsonb_build_object('op', lower(tg_op), 'table', 'orders',
      'row', jsonb_build_object('id', changed -> 'id', 'state', changed -> 'state')),
    key => 'it''s ' || (changed ->> 'id'));
  return null;
end $tidemill$;
drop trigger if exists tidemill_outbox on "shop"."orders";
create trigger tidemill_outbox after insert or delete on "shop"."orders"
  for each row execute function "shop"."tidemill_outbox_orders"();
commit;
)");
}

TEST(TriggerSql, HasDefaults) {
  const auto sql = TriggerSql({.table = "orders", .on_update = true});
  ASSERT_TRUE(sql);
  EXPECT_NE(sql->find("\"tidemill\".publish('orders',\n    jsonb_build_object('op', lower(tg_op), 'table', "
                      "'orders',\n      'row', changed));"),
            std::string::npos)
      << *sql;
}

TEST(TriggerSql, SaysWhatIsWrong) {
  EXPECT_EQ(TriggerSql({.table = "orders"}).error().detail,
            "say what is to be published: --insert, --update, --delete");
  for (const std::string table :
       {"", ".", "a.", ".b", "a.b.c", "x123456789012345678901234567890123456789012345678"}) {
    EXPECT_FALSE(TriggerSql({.table = table, .on_insert = true})) << table;
  }
}

TEST(TriggerSql, NamesEndNeitherTheCommentNorTheFunction) {
  for (const std::string channel : {"a\nb", "a$tidemill$ b"}) {
    EXPECT_FALSE(TriggerSql({.table = "orders", .channel = channel, .on_insert = true})) << channel;
  }
}

TEST(DropTriggerSql, TakesBothAway) {
  EXPECT_EQ(*DropTriggerSql({.table = "orders"}),
            "begin;\ndrop trigger if exists tidemill_outbox on \"orders\";\n"
            "drop function if exists \"tidemill_outbox_orders\"();\ncommit;\n");
}

}  // namespace
}  // namespace tidemill::cli
