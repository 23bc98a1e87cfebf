#include "realtime/proxies/reply.h"

#include <gtest/gtest.h>

#include "realtime/control/actions.h"

namespace tidemill::proxies {
namespace {

using session::ConnectTerms;
using session::KeyTerms;
using session::PublishTerms;
using session::RefreshTerms;
using session::SubscribeTerms;

TEST(ReadConnectReply, TakesAllThatIsInAResult) {
  const auto reply = ReadReply<ConnectTerms>(
      R"({"result":{"user":"42","expire_at":1700000000,"info":{"name":"A"},"b64data":"eyJ4IjoxfQ==",)"
      R"("meta":{"p":1},"channels":["news","a:b"],"subs":{"a:b":{"info":[1],"data":"d","override":)"
      R"({"presence":{"value":true},"join_leave":{}},"cache_recover":true},"c":null},"caps":[{}],)"
      R"("labels":{"a":"b"}},"unknown":[1]})");
  ASSERT_TRUE(reply) << reply.error().detail;
  ASSERT_TRUE(reply->result);
  const ConnectTerms& terms = *reply->result;
  EXPECT_EQ(terms.from, ConnectTerms::From::kBackend);
  EXPECT_EQ(terms.user, "42");
  EXPECT_EQ(terms.expire_at, 1'700'000'000);
  EXPECT_EQ(terms.info, R"({"name":"A"})");
  EXPECT_EQ(terms.data, R"({"x":1})");
  EXPECT_EQ(terms.meta, R"({"p":1})");
  ASSERT_EQ(terms.subs.size(), 3u);
  const auth::TokenSubscription& sub = terms.subs.at("a:b");
  EXPECT_EQ(sub.info, "[1]");
  EXPECT_EQ(sub.data, "\"d\"");
  EXPECT_EQ(sub.overrides.presence, true);
  EXPECT_EQ(sub.overrides.join_leave, false) << "an object without a value means false";
  EXPECT_TRUE(sub.overrides.cache_recover);
  EXPECT_EQ(terms.subs.at("news"), auth::TokenSubscription{});
}

TEST(ReadConnectReply, KnowsWhatRefuses) {
  struct Case {
    const char* text;
    std::optional<Refusing> refusing;
    bool has_result = false;
  };
  const Case cases[] = {
      {R"({"error":{"code":1000,"message":"no","temporary":true}})", ErrorText{1000, "no", true}},
      {R"({"disconnect":{"code":4501,"reason":"banned"}})", DisconnectText{4501, "banned"}},
      {R"({"error":{"code":1},"disconnect":{"code":3000}})", DisconnectText{3000, ""}},
      {R"({"result":null,"error":null,"disconnect":null})", std::nullopt},
      {R"({})", std::nullopt},
      {R"({"Result":{"USER":"u"}})", std::nullopt, true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto reply = ReadReply<ConnectTerms>(c.text);
    ASSERT_TRUE(reply) << reply.error().detail;
    EXPECT_EQ(reply->refusing, c.refusing);
    EXPECT_EQ(reply->result.has_value(), c.has_result);
  }
  const std::string reason(200, 'r');
  const auto long_one = ReadReply<ConnectTerms>(R"({"disconnect":{"code":4000,"reason":")" + reason + "\"}}");
  EXPECT_EQ(std::get<DisconnectText>(*long_one->refusing).reason.size(), control::kDisconnectReasonBytesMax);
}

TEST(ReadConnectReply, RefusesWhatIsNoAnswer) {
  for (const char* const text :
       {"", "null", "[]", "ok", "{", R"({"result":[]})", R"({"result":{"user":42}})",
        R"({"result":{"expire_at":"x"}})", R"({"result":{"expire_at":1.5}})",
        R"({"result":{"b64data":"%%"}})", R"({"result":{"subs":[]}})", R"({"result":{"channels":{}}})",
        R"({"result":{"channels":[1]}})", R"({"error":{"message":"no code"}})", R"({"error":7})",
        R"({"disconnect":{"code":1000}})", R"({"disconnect":{"code":5000}})", R"({"result":{}} x)",
        R"({"result":{"subs":{"a":{"override":{"presence":true}}}}})"}) {
    SCOPED_TRACE(text);
    const auto reply = ReadReply<ConnectTerms>(text);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Errc::kInvalidArgument);
  }
}

TEST(ReadPublishReply, TellsDataThatAreThereFromThoseThatAreNot) {
  EXPECT_EQ(ReadReply<PublishTerms>(R"({"result":{}})")->result->data, std::nullopt);
  EXPECT_EQ(ReadReply<PublishTerms>(R"({"result":{"data":null}})")->result->data, "null");
  const auto both = ReadReply<PublishTerms>(
      R"({"result":{"b64data":"/wE=","tags":{"a":"1"},"idempotency_key":"k","version":7,"version_epoch":"e",)"
      R"("skip_history":true,"delta":true}})");
  EXPECT_EQ(both->result->data, "\xff\x01");
  EXPECT_EQ(both->result->form, broker::DataForm::kBytes);
  EXPECT_EQ(both->result->tags, (protocol::Tags{{"a", "1"}}));
  EXPECT_EQ(both->result->idempotency_key, "k");
  EXPECT_EQ(both->result->version, 7u);
  EXPECT_EQ(both->result->version_epoch, "e");
  EXPECT_TRUE(both->result->skip_history);
  EXPECT_TRUE(both->result->delta);
  const auto json = ReadReply<PublishTerms>("{\"result\":{\"data\":{\n\"a\":1},\"b64data\":\"/wE=\"}}");
  EXPECT_EQ(json->result->data, "{ \"a\":1}") << "on one line, and before base64";
  EXPECT_EQ(json->result->form, broker::DataForm::kJson);
}

TEST(Replies, OfTheOtherKinds) {
  const auto subscribe = ReadReply<SubscribeTerms>(
      R"({"result":{"expire_at":9,"info":1,"data":2,"override":{"force_recovery":{"value":true}},)"
      R"("allow":["pub"]}})");
  EXPECT_EQ(
      *subscribe->result,
      (SubscribeTerms{.info = "1", .data = "2", .expire_at = 9, .overrides = {.force_recovery = true}}));
  const auto key = ReadReply<KeyTerms>(R"({"result":{"key":"k2","key_mode":"if_new","data":3}})");
  EXPECT_EQ(key->result->key, "k2");
  EXPECT_EQ(key->result->condition, broker::KeyCondition::kIfNew);
  EXPECT_EQ(key->result->publish.data, "3");
  EXPECT_FALSE(ReadReply<KeyTerms>(R"({"result":{"key_mode":"whenever"}})"));
  EXPECT_EQ(ReadReply<RpcTerms>(R"({"result":{"data":{"a":1}}})")->result->data, R"({"a":1})");
  EXPECT_EQ(ReadReply<RpcTerms>(R"({"result":{"b64data":"/wE="}})")->result->data, "\xff\x01");
  EXPECT_EQ(ReadReply<RpcTerms>(R"({"result":{}})")->result->data, "");
  const auto refresh = ReadReply<RefreshTerms>(R"({"result":{"expire_at":9,"info":{"a":1},"meta":{}}})");
  EXPECT_EQ(refresh->result->expire_at, 9);
  EXPECT_EQ(refresh->result->info, R"({"a":1})");
  EXPECT_EQ(refresh->result->meta, "{}");
  EXPECT_TRUE(ReadReply<RefreshTerms>(R"({"result":{"expired":true}})")->result->expired);
}

TEST(Replies, OfPolledKeys) {
  const auto answer = ReadReply<polls::Answer>(
      R"({"result":{"epoch":"e","items":[{"key":"a","data":{"n":1},"version":7},{"key":"b","removed":true},)"
      R"({"key":"c","b64data":"/wE=","prev_data":1},{"key":"d","version":3},null]}})");
  EXPECT_FALSE(answer) << "null is no item";
  const auto good = ReadReply<polls::Answer>(
      R"({"result":{"epoch":"e","items":[{"key":"a","data":{"n":1},"version":7},{"key":"b","removed":true},)"
      R"({"key":"c","b64data":"/wE=","prev_data":1},{"key":"d","version":3}]}})");
  ASSERT_TRUE(good) << good.error().detail;
  EXPECT_EQ(good->result->epoch, "e");
  const std::vector<polls::Item>& items = good->result->items;
  ASSERT_EQ(items.size(), 4u);
  EXPECT_EQ(items[0].key, "a");
  EXPECT_EQ(items[0].data, R"({"n":1})");
  EXPECT_TRUE(items[0].data_is_json);
  EXPECT_EQ(items[0].version, 7u);
  EXPECT_TRUE(items[1].removed);
  EXPECT_EQ(items[2].data, "\xff\x01");
  EXPECT_FALSE(items[2].data_is_json);
  EXPECT_EQ(items[3].data, std::nullopt);
  EXPECT_TRUE(ReadReply<polls::Answer>(R"({"error":{"code":1000,"message":"away"}})")->refusing);
  EXPECT_FALSE(ReadReply<polls::Answer>(R"({"result":{"items":[{"key":"a","version":-1}]}})"));
}

}  // namespace
}  // namespace tidemill::proxies
