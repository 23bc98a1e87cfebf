// tidemill.publish and tidemill.webhook on real servers.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "outbox/testing/fixture.h"

namespace tidemill::outbox {
namespace {

using testing::Param;

std::vector<Param> Servers() {
  std::vector<Param> servers = testing::Backends();
  std::erase_if(servers, [](const Param& param) { return !param.name.starts_with("Postgres"); });
  return servers;
}

class PublishTest : public testing::OutboxTest {};

INSTANTIATE_TEST_SUITE_P(All, PublishTest, ::testing::ValuesIn(Servers()),
                         [](const ::testing::TestParamInfo<Param>& info) { return info.param.name; });

TEST_P(PublishTest, WhatIsSaidIsKept) {
  ASSERT_TRUE(Run(
      "select tidemill.publish('orders', jsonb_build_object('id', 7), key => 'o7', tags => '{\"a\": \"b\"}', "
      "idempotency_key => 'i', version => 3, version_epoch => 'e', skip_history => true)"));
  const Entry entry = Must(store().Load(1, {}))[0];
  EXPECT_EQ(entry.target, "orders");
  EXPECT_EQ(entry.data, R"({"id": 7})");
  EXPECT_EQ(entry.key, "o7");
  for (const char* part : {R"("tags": {"a": "b"})", R"("idempotency_key": "i")", R"("version": 3)",
                           R"("version_epoch": "e")", R"("skip_history": true)"}) {
    EXPECT_NE(entry.options.find(part), std::string::npos) << entry.options;
  }
}

TEST_P(PublishTest, WhatIsWrongIsRefusedInWords) {
  struct Case {
    const char* arguments;
    const char* words;
  };
  const Case cases[] = {
      {"null, '1'", "channel must be a text of 1 to 255 bytes"},
      {"'', '1'", "channel must be a text of 1 to 255 bytes"},
      {"repeat('x', 256), '1'", "channel must be a text of 1 to 255 bytes"},
      {"'a', null", "data must be a JSON value; for none at all give 'null'::jsonb"},
      {"'a', to_jsonb(repeat('x', 1048576))", "data have at most 1 MiB"},
      {"'a', '1', key => repeat('x', 256)", "key has at most 255 bytes"},
      {"'a', '1', tags => '[]'", "tags must be a JSON object of texts"},
      {"'a', '1', tags => '{\"a\": 1}'", "tags must be a JSON object of texts"},
      {"'a', '1', version => -1", "version must not be negative"},
      {"'a', '1', idempotency_key => repeat('x', 513)",
       "idempotency_key and version_epoch have at most 512 bytes"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.arguments);
    const auto refused = Run(fmt::format("select tidemill.publish({})", c.arguments));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, c.words);
    EXPECT_EQ(refused.error().code, "22023");
  }
  EXPECT_EQ(Waiting().size(), 0u);
}

TEST_P(PublishTest, WhoeverMayNotPublishCannotAndWhoeverMayNeedsNoRightOnATable) {
  ASSERT_TRUE(Run(fmt::format("create role {0}; ", "outbox_shop_" + GetParam().name)));
  const std::string role = "outbox_shop_" + GetParam().name;
  const auto as_shop = [&](const std::string& sql) {
    auto transaction = Begin();
    (void)Await(transaction->Run({.statement = sql::Statement("set local role " + role)}));
    auto done = Await(transaction->Run({.statement = sql::Statement(sql)}));
    if (done) EXPECT_TRUE(Await(transaction->Commit()));
    return done;
  };
  ASSERT_TRUE(Run("grant usage on schema tidemill to " + role));
  EXPECT_FALSE(as_shop("select tidemill.publish('a', '1')"));
  ASSERT_TRUE(Run("grant execute on function tidemill.publish to " + role));
  EXPECT_TRUE(as_shop("select tidemill.publish('a', '1')"));
  EXPECT_FALSE(as_shop("insert into tidemill.tidemill_outbox (target, data) values ('a', '2')"));
  EXPECT_EQ(Waiting().size(), 1u);
  ASSERT_TRUE(Run("drop owned by " + role));
  ASSERT_TRUE(Run("drop role " + role));
}

// The second one publishes only when the first has ended, so that ids of a key are in the order of commits.
TEST_P(PublishTest, InTurnWaitsForWhoeverPublishedWithThatKeyBefore) {
  auto first = Begin();
  const auto in_turn = [](const char* data) {
    return sql::Call{.statement = sql::Statement(
                         fmt::format("select tidemill.publish('a', '{}', in_turn => true)", data))};
  };
  ASSERT_TRUE(Await(first->Run(in_turn("1"))));
  bool done = false;
  TaskScope scope;
  scope.Spawn([](sql::Database& database, sql::Call call, bool& ended) -> Task<void> {
    EXPECT_TRUE(co_await database.Run(std::move(call)));
    ended = true;
  }(database(), in_turn("2"), done));
  ASSERT_TRUE(net::testing::DriveUntil(loop(), [&] {
    // A read, which no write that stands still holds up.
    const auto waiting = Await(database().Run(
        {.statement =
             sql::Statement("select count(*) from pg_locks where locktype = 'advisory' and not granted"),
         .access = sql::Access::kRead}));
    return waiting && waiting->rows[0][0].text != "0";
  }));
  EXPECT_FALSE(done);
  ASSERT_TRUE(Await(first->Commit()));
  ASSERT_TRUE(net::testing::DriveUntil(loop(), [&] { return done; }));
  EXPECT_EQ(Waiting(), (std::vector<std::string>{"1", "2"}));
}

TEST_P(PublishTest, AWebhookNeedsTheJobs) {
  const auto refused = Run("select tidemill.webhook('crm', '{}')");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "webhooks are jobs, and there are none here");
}

}  // namespace
}  // namespace tidemill::outbox
