#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "net/task_scope.h"
#include "realtime/session/recovered_deltas.h"
#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

const std::string kFiller(60, 'x');
// The document with that value, as it is and as a text in JSON.
std::string Document(int value) { return R"({"k":")" + kFiller + R"(","v":)" + std::to_string(value) + "}"; }
std::string Text(int value) {
  return R"("{\"k\":\")" + kFiller + R"(\",\"v\":)" + std::to_string(value) + R"(}")";
}

BenchSettings DeltaSettings() {
  BenchSettings settings = TestSettings();
  channels::ChannelOptions stream = settings.channel.namespaces["plain"];
  stream.history_size = 10;
  stream.history_ttl = Seconds(300);
  stream.force_recovery = true;
  stream.allowed_delta_types = {"fossil"};
  stream.delta_publish = true;
  stream.allow_tags_filter = true;
  settings.channel.namespaces["fossil"] = stream;
  channels::ChannelOptions map = settings.channel.namespaces["plain"];
  map.subscription_type = "map";
  map.map.mode = "persistent";
  map.map.min_page_size = 1;
  map.allowed_delta_types = {"fossil"};
  map.delta_publish = true;
  map.allow_tags_filter = true;
  settings.channel.namespaces["map"] = map;
  map.map.mode = "ephemeral";
  map.map.key_ttl = Seconds(60);
  settings.channel.namespaces["passing"] = map;
  return settings;
}

class SessionDeltasTest : public SessionTest {
 protected:
  SessionDeltasTest() : SessionTest(DeltaSettings()) {}

  void Publish(std::string channel, std::string data, protocol::Tags tags = {}) {
    scope_.Spawn([](broker::Publisher& publisher, broker::PublishCall call) -> Task<void> {
      (void)co_await publisher.Publish(std::move(call));
    }(bench_.context().publisher, {.channel = std::move(channel),
                                   .data = std::move(data),
                                   .form = broker::DataForm::kJson,
                                   .tags = std::move(tags)}));
  }
  void Put(std::string channel, std::string key, std::string data, protocol::Tags tags = {}) {
    scope_.Spawn([](broker::MapPublisher& maps, broker::MapPublishCall call) -> Task<void> {
      (void)co_await maps.Publish(std::move(call));
    }(bench_.maps(), {.channel = std::move(channel),
                      .key = std::move(key),
                      .data = std::move(data),
                      .form = broker::DataForm::kJson,
                      .tags = std::move(tags)}));
  }
  Lines HeardNow(TestClient& client) {
    bench_.Turn();
    return client.Hear();
  }
  // Epochs are random: replaced by E.
  static Lines Plain(Lines lines) {
    for (std::string& line : lines) {
      for (std::size_t at = 0; (at = line.find(R"("epoch":")", at)) != std::string::npos;) {
        at += 9;
        line.replace(at, line.find('"', at) - at, "E");
      }
    }
    return lines;
  }

  TaskScope scope_;
};

// Both as recorded from a server of the protocol.
TEST_F(SessionDeltasTest, AStreamIsSentAsDeltasAfterItsFirst) {
  const auto client = Connected();
  EXPECT_EQ(
      Plain(client->Say(R"({"id":2,"subscribe":{"channel":"fossil:a","delta":"fossil"}})")),
      (Lines{R"({"id":2,"subscribe":{"recoverable":true,"epoch":"E","positioned":true,"delta":true}})"}));
  Publish("fossil:a", Document(1));
  Publish("fossil:a", Document(2));
  bench_.Turn();
  Publish("fossil:a", Document(3));
  const Lines heard = Plain(HeardNow(*client));
  ASSERT_EQ(heard.size(), 3u);
  EXPECT_EQ(heard[0],
            R"({"push":{"channel":"fossil:a","pub":{"data":)" + Text(1) + R"(,"offset":1,"epoch":"E"}}})");
  EXPECT_EQ(heard[1], R"({"push":{"channel":"fossil:a","pub":{"data":)" + Text(2) + R"(,"offset":2}}})");
  EXPECT_EQ(
      heard[2],
      R"({"push":{"channel":"fossil:a","pub":{"data":"1A\n18@0,2:3}QHgvG;","offset":3,"delta":true}}})");
}

TEST_F(SessionDeltasTest, WhatWasMissedComesAsDeltasAndTheNextToo) {
  Publish("fossil:a", Document(1));
  Publish("fossil:a", Document(2));
  const auto client = Connected();
  EXPECT_EQ(
      Plain(client->Say(R"({"id":2,"subscribe":{"channel":"fossil:a","delta":"fossil","recover":true}})")),
      (Lines{R"({"id":2,"subscribe":{"recoverable":true,"epoch":"E","publications":[{"data":)" + Text(1) +
             R"(,"offset":1},{"data":"1A\n18@0,2:2}PHgvG;","offset":2,"delta":true}],"recovered":true,)"
             R"("positioned":true,"was_recovering":true,"delta":true}})"}));
  Publish("fossil:a", Document(3));
  EXPECT_EQ(HeardNow(*client), (Lines{R"({"push":{"channel":"fossil:a","pub":{"data":"1A\n18@0,2:3}QHgvG;",)"
                                      R"("offset":3,"delta":true}}})"}));
}

TEST_F(SessionDeltasTest, AreNotGrantedWhereTheyAreNotAllowedOrWithAFilter) {
  const auto client = Connected();
  EXPECT_EQ(client->Say(R"({"id":2,"subscribe":{"channel":"plain:a","delta":"fossil"}})"),
            (Lines{R"({"id":2,"subscribe":{}})"}));
  const Lines filtered = client->Say(
      R"({"id":3,"subscribe":{"channel":"fossil:a","delta":"fossil","tf":{"key":"k","cmp":"nex"}}})");
  EXPECT_EQ(filtered.at(0).find("delta"), std::string::npos);
  Publish("fossil:a", Document(1));
  Publish("fossil:a", Document(2));
  const Lines heard = HeardNow(*client);
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_NE(heard[1].find(Document(2)), std::string::npos);
}

TEST_F(SessionDeltasTest, OfAMapTheStateIsWholeAndEachKeyHasItsDeltas) {
  Put("map:a", "x", Document(1));
  const auto client = Connected();
  const Lines read =
      Plain(client->Say(R"({"id":2,"subscribe":{"channel":"map:a","type":1,"phase":2,"delta":"fossil"}})"));
  EXPECT_EQ(read,
            (Lines{R"({"id":2,"subscribe":{"recoverable":true,"epoch":"E","offset":1,"delta":true,"type":1,)"
                   R"("state":[{"data":)" +
                   Text(1) + R"(,"offset":1,"key":"x"}]}})"}));
  Put("map:a", "x", Document(2));
  Put("map:a", "y", Document(7));
  Put("map:a", "x", Document(3));
  const Lines heard = HeardNow(*client);
  ASSERT_EQ(heard.size(), 3u);
  EXPECT_NE(heard[0].find(Text(2)), std::string::npos) << "what came before was not kept";
  EXPECT_NE(heard[1].find(Text(7)), std::string::npos);
  EXPECT_EQ(heard[2], R"({"push":{"channel":"map:a","pub":{"data":"1A\n18@0,2:3}QHgvG;","offset":4,)"
                      R"("delta":true,"key":"x"}}})");

  // One that reads the state now has all that the next deltas are of.
  const auto second = Connected();
  second->Say(R"({"id":2,"subscribe":{"channel":"map:a","type":1,"phase":2,"delta":"fossil"}})");
  Put("map:a", "y", Document(8));
  const Lines next = HeardNow(*second);
  ASSERT_EQ(next.size(), 1u);
  EXPECT_NE(next[0].find(R"("delta":true,"key":"y")"), std::string::npos) << next[0];
}

TEST_F(SessionDeltasTest, AMapWithoutAStreamHasNone) {
  const auto client = Connected();
  const Lines read =
      client->Say(R"({"id":2,"subscribe":{"channel":"passing:a","type":1,"phase":2,"delta":"fossil"}})");
  EXPECT_EQ(read.at(0).find("delta"), std::string::npos);
}

TEST_F(SessionDeltasTest, PagesOfAStateAreTextsToo) {
  for (const char* key : {"a", "b", "c"}) Put("map:p", key, Document(1));
  const auto client = Connected();
  const Lines first = client->Say(
      R"({"id":2,"subscribe":{"channel":"map:p","type":1,"phase":2,"limit":2,"delta":"fossil"}})");
  EXPECT_NE(first.at(0).find(Text(1)), std::string::npos);
  EXPECT_EQ(first.at(0).find(R"("delta")"), std::string::npos);
}

TEST_F(SessionDeltasTest, AFilterHoldsForWhatIsMissedAndForWhatComes) {
  const auto tagged = [](const char* value) { return protocol::Tags{{"team", value}}; };
  Publish("fossil:f", "1", tagged("red"));
  Publish("fossil:f", "2", tagged("blue"));
  Publish("fossil:f", "3");
  const auto client = Connected();
  const std::string filter = R"("tf":{"key":"team","cmp":"eq","val":"red"})";
  EXPECT_EQ(
      Plain(client->Say(R"({"id":2,"subscribe":{"channel":"fossil:f","recover":true,)" + filter + "}}")),
      (Lines{R"({"id":2,"subscribe":{"recoverable":true,"epoch":"E","publications":[{"data":1,"offset":1,)"
             R"("tags":{"team":"red"}}],"recovered":true,"positioned":true,"was_recovering":true}})"}));
  Publish("fossil:f", "4", tagged("blue"));
  Publish("fossil:f", "5", tagged("red"));
  EXPECT_EQ(HeardNow(*client), (Lines{R"({"push":{"channel":"fossil:f","pub":{"data":5,"offset":5,)"
                                      R"("tags":{"team":"red"}}}})"}));
}

TEST_F(SessionDeltasTest, AFilterHoldsForTheStateOfAMapAndItsChanges) {
  const auto tagged = [](const char* value) { return protocol::Tags{{"team", value}}; };
  for (const char* channel : {"map:f", "passing:f"}) {
    SCOPED_TRACE(channel);
    Put(channel, "a", "1", tagged("red"));
    Put(channel, "b", "2", tagged("blue"));
    const auto client = Connected();
    const Lines read = client->Say(R"({"id":2,"subscribe":{"channel":")" + std::string(channel) +
                                   R"(","type":1,"phase":2,"tf":{"key":"team","cmp":"eq","val":"red"}}})");
    EXPECT_NE(read.at(0).find(R"("key":"a")"), std::string::npos);
    EXPECT_EQ(read.at(0).find(R"("key":"b")"), std::string::npos);
    Put(channel, "b", "3", tagged("blue"));
    Put(channel, "c", "4", tagged("red"));
    const Lines heard = HeardNow(*client);
    ASSERT_EQ(heard.size(), 1u);
    EXPECT_NE(heard[0].find(R"("key":"c")"), std::string::npos);
  }
}

// The page that goes live names deltas and no filter: it is the first one's that holds.
TEST_F(SessionDeltasTest, OfAMapWithAFilterThereAreNoDeltas) {
  const auto tagged = [](const char* value) { return protocol::Tags{{"team", value}}; };
  for (const char* key : {"a", "b", "c"}) Put("map:g", key, Document(1), tagged("red"));
  const auto client = Connected();
  const std::string subscribe =
      R"({"id":2,"subscribe":{"channel":"map:g","type":1,"phase":2,"limit":2,"delta":"fossil")";
  const std::string filter = R"(,"tf":{"key":"team","cmp":"eq","val":"red"}}})";
  EXPECT_NE(client->Say(subscribe + filter).at(0).find(Document(1)), std::string::npos);
  const Lines live = client->Say(subscribe + R"(,"cursor":"b"}})");
  EXPECT_NE(live.at(0).find(Document(1)), std::string::npos) << live.at(0);
  EXPECT_EQ(live.at(0).find(R"("delta")"), std::string::npos) << live.at(0);
  Put("map:g", "a", Document(2), tagged("red"));
  Put("map:g", "a", Document(3), tagged("blue"));
  Put("map:g", "a", Document(4), tagged("red"));
  const Lines heard = HeardNow(*client);
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_NE(heard[0].find(Document(2)), std::string::npos) << heard[0];
  EXPECT_NE(heard[1].find(Document(4)), std::string::npos) << heard[1];
}

TEST_F(SessionDeltasTest, AFilterThatComesAfterTheFirstPageIsNotTaken) {
  const auto tagged = [](const char* value) { return protocol::Tags{{"team", value}}; };
  for (const char* key : {"a", "b", "c"}) Put("map:g", key, "1", tagged("red"));
  const auto client = Connected();
  const std::string subscribe = R"({"id":2,"subscribe":{"channel":"map:g","type":1,"phase":2,"limit":2)";
  client->Say(subscribe + "}}");
  const Lines live =
      client->Say(subscribe + R"(,"cursor":"b","tf":{"key":"team","cmp":"eq","val":"blue"}}})");
  EXPECT_NE(live.at(0).find(R"("key":"c")"), std::string::npos) << live.at(0);
}

TEST_F(SessionDeltasTest, ARefusalOfAFilterSaysWhy) {
  const auto client = Connected();
  EXPECT_EQ(
      client->Say(R"({"id":2,"subscribe":{"channel":"plain:f","tf":{"key":"k","cmp":"ex"}}})"),
      (Lines{R"({"id":2,"error":{"code":107,"message":"bad request: the channel does not allow tf"}})"}));
  EXPECT_EQ(client->Say(R"({"id":3,"subscribe":{"channel":"fossil:f","tf":{"key":"k","cmp":"like"}}})"),
            (Lines{R"({"id":3,"error":{"code":107,"message":"bad request: tf: unknown cmp"}})"}));
  EXPECT_EQ(
      client->Say(R"({"id":4,"subscribe":{"channel":"map:f","type":1,"phase":2,"tf":{}}})"),
      (Lines{R"({"id":4,"error":{"code":107,"message":"bad request: tf: a node without op needs cmp"}})"}));
}

TEST_F(SessionDeltasTest, DifferentFiltersOfAChannelAreLimited) {
  const auto client = Connected();
  const auto subscribe = [&](TestClient& who, int number) {
    return who.Say(R"({"id":2,"subscribe":{"channel":"fossil:l","tf":{"key":"k","cmp":"eq","val":")" +
                   std::to_string(number) + R"("}}})");
  };
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(Connected());
    EXPECT_EQ(subscribe(*clients.back(), i).at(0).find("error"), std::string::npos);
  }
  EXPECT_EQ(subscribe(*client, 100),
            (Lines{R"({"id":2,"error":{"code":106,"message":"limit exceeded: the channel's subscribers have )"
                   R"(channel.tags_filters_max different filters"}})"}));
  EXPECT_EQ(subscribe(*client, 7).at(0).find("error"), std::string::npos) << "others have that one";
  clients[99]->HangUp();
  EXPECT_EQ(subscribe(*Connected(), 100).at(0).find("error"), std::string::npos) << "there is room again";
}

// Each of so many searches may take some microseconds.
std::string CostlyFilter(int searches) {
  std::string nodes;
  for (int i = 0; i < searches; ++i) nodes += R"({"key":"k","cmp":"ct","val":"a"},)";
  return R"("tf":{"op":"or","nodes":[)" + nodes + R"({"cmp":"nex"}]})";
}

TEST_F(SessionDeltasTest, FiltersThatAreTooMuchWorkTogetherAreRefused) {
  const auto first = Connected();
  const auto second = Connected();
  const auto subscribe = [](int searches) {
    return R"({"id":2,"subscribe":{"channel":"fossil:w",)" + CostlyFilter(searches) + "}}";
  };
  EXPECT_EQ(first->Say(subscribe(62)).at(0).find("error"), std::string::npos);
  EXPECT_EQ(second->Say(subscribe(61)),
            (Lines{R"({"id":2,"error":{"code":106,"message":"limit exceeded: the filters of the channel's )"
                   R"(subscribers are too much work together"}})"}));
  EXPECT_EQ(second->Say(subscribe(62)).at(0).find("error"), std::string::npos) << "that one is there";
}

TEST_F(SessionDeltasTest, ACostlyFilterRecoversLessAndReadsAMapInSmallPages) {
  for (int i = 0; i < 10; ++i) {
    Publish("fossil:w", "1");
    Put("map:w", std::to_string(i), "1");
  }
  const auto recover = [&](const std::string& filter) {
    return Connected()
        ->Say(R"({"id":2,"subscribe":{"channel":"fossil:w","recover":true,)" + filter + "}}")
        .at(0)
        .contains(R"("recovered":true)");
  };
  EXPECT_TRUE(recover(CostlyFilter(1)));
  EXPECT_FALSE(recover(CostlyFilter(62)));
  const auto client = Connected();
  const std::string read = R"({"id":2,"subscribe":{"channel":"map:w","type":1,"phase":2,)" + CostlyFilter(62);
  const std::string page = client->Say(read + "}}").at(0);
  EXPECT_TRUE(page.contains(R"("cursor":"5")")) << page;
  const std::string rest = client->Say(read + R"(,"cursor":"5"}})").at(0);
  EXPECT_FALSE(rest.contains("cursor")) << rest;
  EXPECT_TRUE(rest.contains(R"("recoverable":true)")) << rest;
}

TEST(RecoveredDeltas, AreMadeUpToALimit) {
  delta::FossilEncoder fossil;
  protocol::SubscribeResult result;
  const std::string large(30'000, 'a');
  for (int i = 0; i < 10; ++i) {
    auto publication = std::make_shared<protocol::Publication>();
    publication->data = '"' + large + std::to_string(i) + '"';
    publication->data_is_json = true;
    result.publications.push_back(publication);
  }
  MakeDeltas(result, protocol::Encoding::kJson, fossil);
  EXPECT_FALSE(result.deltas.at(0));
  EXPECT_TRUE(result.deltas.at(1));
  EXPECT_TRUE(result.deltas.at(3));
  EXPECT_FALSE(result.deltas.at(5)) << "the rest is sent whole";
}

TEST(RecoveredDeltas, InJsonAreOfJsonOnlyAndOfAKeyOfItsOwn) {
  delta::FossilEncoder fossil;
  protocol::SubscribeResult result;
  const auto add = [&](std::string data, std::string key) {
    auto publication = std::make_shared<protocol::Publication>();
    publication->data = std::move(data);
    publication->key = std::move(key);
    result.publications.push_back(publication);
  };
  add(Document(1), "x");
  add(Document(2), "y");
  add(Document(3), "x");
  add('\xff' + Document(4), "y");
  add(Document(5), "y");
  MakeDeltas(result, protocol::Encoding::kJson, fossil);
  EXPECT_EQ(std::vector<bool>({false, false, true, false, false}),
            std::vector<bool>({result.deltas[0].has_value(), result.deltas[1].has_value(),
                               result.deltas[2].has_value(), result.deltas[3].has_value(),
                               result.deltas[4].has_value()}));
  MakeDeltas(result, protocol::Encoding::kProtobuf, fossil);
  EXPECT_TRUE(result.deltas[3]);
  EXPECT_TRUE(result.deltas[4]);
}

}  // namespace
}  // namespace tidemill::session
