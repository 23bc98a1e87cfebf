#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/json.h"
#include "realtime/delta/testing/apply_delta.h"
#include "realtime/hub/testing/hub_fixture.h"

namespace tidemill::hub::testing {
namespace {

constexpr Form kLines{.framing = Framing::kLines, .deltas = Deltas::kAwaited};
constexpr Form kMapLines{.framing = Framing::kLines, .deltas = Deltas::kFollowed};
constexpr std::string_view kPadding =
    "0123456789012345678901234567890123456789012345678901234567890123456789";

// What a client of a JSON connection makes of the frames it is sent.
struct Client {
  struct Seen {
    std::string key;
    std::string data;
    bool as_delta = false;
  };

  Seen Read(std::string_view line) {
    Seen seen;
    std::string data;
    JsonReader json(line);
    json.EnterObject();
    json.NextKey();
    json.EnterObject();
    while (const auto key = json.NextKey()) {
      if (*key != "pub") continue;
      json.EnterObject();
      while (const auto field = json.NextKey()) {
        if (*field == "data") data = json.ReadString();
        if (*field == "key") seen.key = json.ReadString();
        if (*field == "delta") seen.as_delta = json.ReadBool();
      }
    }
    if (!seen.as_delta) {
      seen.data = data;
    } else {
      const auto applied = delta::ApplyFossil(has[seen.key], data);
      EXPECT_TRUE(applied) << applied.error().detail << ": " << line;
      seen.data = applied.value_or("");
    }
    has[seen.key] = seen.data;
    return seen;
  }

  std::vector<Seen> ReadAll(std::string bytes) {
    rest += bytes;
    std::vector<Seen> all;
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = rest.find('\n', begin)) != std::string::npos; begin = end + 1) {
      all.push_back(Read(rest.substr(begin, end - begin)));
    }
    rest.erase(0, begin);
    return all;
  }

  std::map<std::string, std::string> has;
  std::string rest;
};

class HubDeltasTest : public HubTest {
 protected:
  broker::PublicationPtr Make(std::string data, std::string key = "") {
    auto made = std::make_shared<protocol::Publication>();
    made->data = std::move(data);
    made->key = std::move(key);
    made->send_delta = true;
    return made;
  }
  void Send(const broker::PublicationPtr& publication) {
    hub_.OnPublication(broker::ChannelName("news"), publication);
  }
  void SendAndTurn(std::string data, std::string key = "") {
    Send(Make(std::move(data), std::move(key)));
    Turn();
  }
  static std::string Json(std::string_view value) {
    return R"({"k":")" + std::string(kPadding) + R"(","v":)" + std::string(value) + "}";
  }
  // "whole" or "delta" of all that the peer was sent, with the last letters of the data.
  std::string Kinds(Peer& peer, Client& client) {
    std::string kinds;
    for (const Client::Seen& seen : client.ReadAll(peer.Read())) {
      kinds += (kinds.empty() ? "" : " ") + std::string(seen.as_delta ? "delta" : "whole") + ":" +
               seen.data.substr(seen.data.size() - std::min<std::size_t>(seen.data.size(), 2));
    }
    return kinds;
  }
};

TEST_F(HubDeltasTest, ThePublicationAfterTheFirstIsADelta) {
  Peer& peer = Follow("news", kLines);
  Peer& plain = Follow("news", {.framing = Framing::kLines});
  const std::string filler(60, 'x');
  SendAndTurn(R"({"k":")" + filler + R"(","v":1})");
  SendAndTurn(R"({"k":")" + filler + R"(","v":2})");
  EXPECT_EQ(peer.Read(),
            R"({"push":{"channel":"news","pub":{"data":"{\"k\":\")" + filler + R"(\",\"v\":1}"}}})" + "\n" +
                R"({"push":{"channel":"news","pub":{"data":"1A\n18@0,2:2}PHgvG;","delta":true}}})" + "\n");
  EXPECT_EQ(plain.Read().find("delta"), std::string::npos);
  EXPECT_EQ(metrics_.deltas.value(), 1u);
}

TEST_F(HubDeltasTest, InProtobufTheSameBytesStandAsTheyAre) {
  const Form form{
      .encoding = protocol::Encoding::kProtobuf, .framing = Framing::kDelimited, .deltas = Deltas::kAwaited};
  Peer& peer = Follow("news", form);
  const std::string filler(60, 'x');
  const auto first = Make(R"({"k":")" + filler + R"(","v":1})");
  SendAndTurn(first->data);
  std::string expected;
  protocol::AppendPublicationPush(form.encoding, "news", *first, expected);
  EXPECT_EQ(peer.Read(), expected);
  SendAndTurn(R"({"k":")" + filler + R"(","v":2})");
  EXPECT_EQ(peer.Read(),
            std::string("\x20\x22\x1e\x12\x04news\x22\x16\x22\x12") + "1A\n18@0,2:2}PHgvG;" + "\x40\x01");
}

TEST_F(HubDeltasTest, ANewcomerIsSentOneWholeWhileOthersGoOn) {
  Client a;
  Client b;
  Peer& first = Follow("news", kLines);
  SendAndTurn(Json("1"));
  SendAndTurn(Json("2"));
  Peer& second = Follow("news", kLines);
  SendAndTurn(Json("3"));
  SendAndTurn(Json("4"));
  EXPECT_EQ(Kinds(first, a), "whole:1} delta:2} delta:3} delta:4}");
  EXPECT_EQ(Kinds(second, b), "whole:3} delta:4}");
}

TEST_F(HubDeltasTest, ManyInOneTurnAreWholeForANewcomer) {
  Client a;
  Peer& peer = Follow("news", kLines);
  Send(Make(Json("1")));
  Send(Make(Json("2")));
  Turn();
  EXPECT_EQ(metrics_.deltas.value(), 0u) << "nobody would be sent one";
  SendAndTurn(Json("3"));
  EXPECT_EQ(Kinds(peer, a), "whole:1} whole:2} delta:3}");
  EXPECT_EQ(metrics_.deltas.value(), 1u);
}

// Publications that no history keeps, as `has` is never one of them.
TEST_F(HubDeltasTest, ANewcomersLastPublicationIsNotTheBaseOfThoseWhoHadAnother) {
  Client a;
  Client b;
  const auto older = Make(std::string(kPadding) + "1}");
  Peer& first = Follow("news", kLines);
  Send(Make(Json("2")));
  Peer& second = AddPeer();
  hub_.Attach("news", kLines, *second.outbox, second.follow, {.has = older});
  b.has[""] = older->data;
  Turn();
  SendAndTurn(Json("3"));
  EXPECT_EQ(Kinds(first, a), "whole:2} delta:3}");
  EXPECT_EQ(Kinds(second, b), "whole:3}");
}

// Each of the channels is a group of its own, and all flushes end in the same turn.
TEST_F(HubDeltasTest, OneTurnMovesABoundedNumberOfSubscribers) {
  constexpr std::size_t kChannels = 3000;
  std::vector<Peer::Follow> follows(kChannels);
  for (std::size_t i = 0; i < kChannels; ++i) {
    if (i % 100 == 0) AddPeer();
    hub_.Attach("c" + std::to_string(i), kLines, *peers_.back()->outbox, follows[i]);
  }
  const auto deltas_of_a_round = [&](std::string_view value) {
    const std::uint64_t before = metrics_.deltas.value();
    for (std::size_t i = 0; i < kChannels; ++i) {
      hub_.OnPublication(broker::ChannelName("c" + std::to_string(i)), Make(Json(value)));
    }
    while (hub_.segments().bytes_in_use() > 0) Turn();
    for (auto& peer : peers_) peer->Read();
    return metrics_.deltas.value() - before;
  };
  EXPECT_EQ(deltas_of_a_round("1"), 0u);
  const std::uint64_t moved_at_first = deltas_of_a_round("2");
  EXPECT_GT(moved_at_first, 0u);
  EXPECT_LE(moved_at_first, 2048u);
  EXPECT_EQ(deltas_of_a_round("3"), kChannels);
  for (Peer::Follow& follow : follows) hub_.Detach(follow);
}

TEST_F(HubDeltasTest, WhatIsNotToBeADeltaIsWholeAndTheNextIsOfIt) {
  Client a;
  Peer& peer = Follow("news", kLines);
  SendAndTurn(Json("1"));
  Publish("news", Json("2"));
  Turn();
  SendAndTurn(Json("3"));
  SendAndTurn("7");  // a delta would not be smaller
  SendAndTurn(Json("4"));
  SendAndTurn(Json("5"));
  EXPECT_EQ(Kinds(peer, a), "whole:1} whole:2} delta:3} whole:7 whole:4} delta:5}");
}

TEST_F(HubDeltasTest, OneThatHasTheLastPublicationGoesOnAtOnce) {
  Client a;
  Client b;
  const auto last = Make(Json("1"));
  Peer& first = AddPeer();
  hub_.Attach("news", kLines, *first.outbox, first.follow, {.has = last});
  a.has[""] = last->data;
  SendAndTurn(Json("2"));
  EXPECT_EQ(Kinds(first, a), "delta:2}");

  Peer& same = AddPeer();
  hub_.Attach("news", kLines, *same.outbox, same.follow, {.has = Make(Json("2"))});
  b.has[""] = Json("2");
  Peer& other = AddPeer();
  hub_.Attach("news", kLines, *other.outbox, other.follow, {.has = last});
  Client c;
  SendAndTurn(Json("3"));
  EXPECT_EQ(Kinds(first, a), "delta:3}");
  EXPECT_EQ(Kinds(same, b), "delta:3}");
  EXPECT_EQ(Kinds(other, c), "whole:3}") << "it has something else";
}

TEST_F(HubDeltasTest, AfterALossTheNextIsWhole) {
  Client a;
  Peer& peer = AddPeer();
  peer.follow.takes_gaps = true;
  hub_.Attach("news", kLines, *peer.outbox, peer.follow);
  SendAndTurn(Json("1"));
  SendAndTurn(Json("2"));
  hub_.OnStreamLost(broker::ChannelName("news"));
  SendAndTurn(Json("3"));
  SendAndTurn(Json("4"));
  EXPECT_EQ(Kinds(peer, a), "whole:1} delta:2} whole:3} delta:4}");
}

TEST_F(HubDeltasTest, OfAMapEachKeyIsOfItsOwnLast) {
  Client a;
  Client b;
  Peer& first = Follow("news", kMapLines);
  SendAndTurn(Json("1"), "x");
  SendAndTurn(Json("2"), "y");
  SendAndTurn(Json("3"), "x");
  // Its state has the values of all keys.
  Peer& second = Follow("news", kMapLines);
  b.has = {{"x", Json("3")}, {"y", Json("2")}};
  SendAndTurn(Json("4"), "y");
  auto removal = std::make_shared<protocol::Publication>();
  removal->key = "x";
  removal->removed = true;
  removal->data_is_json = true;
  removal->send_delta = true;
  Send(removal);
  SendAndTurn(Json("5"), "x");
  SendAndTurn(Json("6"), "x");
  EXPECT_EQ(Kinds(first, a), "whole:1} whole:2} delta:3} delta:4} whole: whole:5} delta:6}");
  EXPECT_EQ(Kinds(second, b), "delta:4} whole: whole:5} delta:6}");
}

TEST_F(HubDeltasTest, OfAMapWithVeryManyKeysSomeAreKept) {
  Client a;
  Peer& peer = Follow("news", kMapLines);
  const std::size_t keys = DeltaBases::kKeysMax + 50;
  for (std::size_t i = 0; i < keys; ++i) {
    SendAndTurn(Json("1"), std::to_string(i));
    a.ReadAll(peer.Read());
  }
  std::size_t deltas = 0;
  for (std::size_t i = 0; i < keys; ++i) {
    SendAndTurn(Json("2"), std::to_string(i));
    for (const auto& seen : a.ReadAll(peer.Read())) deltas += seen.as_delta ? 1 : 0;
  }
  EXPECT_GT(deltas, 0u);
  EXPECT_LE(deltas, DeltaBases::kKeysMax);
}

// To a JSON connection data that are not JSON cannot be sent, and nothing is a delta of them.
TEST_F(HubDeltasTest, OfBytesOnlyProtobufHasDeltas) {
  Client a;
  Peer& json = Follow("news", kMapLines);
  Form form{
      .encoding = protocol::Encoding::kProtobuf, .framing = Framing::kDelimited, .deltas = Deltas::kFollowed};
  Peer& protobuf = Follow("news", form);
  const std::string bytes = "\xff" + Json("1");
  SendAndTurn(bytes, "x");
  EXPECT_TRUE(json.follow.inappropriate);
  EXPECT_EQ(Kinds(json, a), "");
  protobuf.Read();
  SendAndTurn(Json("2"), "x");
  EXPECT_EQ(Kinds(json, a), "whole:2}");
  EXPECT_LT(protobuf.Read().size(), Json("2").size());
}

TEST_F(HubDeltasTest, MemoryIsGivenBackWithTheLastWhoHasDeltas) {
  Peer& plain = Follow("news", {.framing = Framing::kLines});
  Peer& peer = Follow("news", kLines);
  SendAndTurn(Json("1"));
  EXPECT_GT(metrics_.delta_base_bytes.value(), 0);
  hub_.Detach(peer.follow);
  Turn();
  EXPECT_EQ(metrics_.delta_base_bytes.value(), 0);
  SendAndTurn(Json("2"));
  EXPECT_NE(plain.Read(), "");
  EXPECT_EQ(metrics_.delta_base_bytes.value(), 0);
}

class HubDeltaLimitsTest : public HubDeltasTest {};

TEST_F(HubDeltaLimitsTest, WhatIsLargerThanTheLimitIsWhole) {
  metrics::Registry registry;
  HubMetrics metrics(registry);
  Hub hub(*loop_, metrics, {.delta_bytes_max = 100});
  Peer& peer = AddPeer();
  hub.Attach("news", kLines, *peer.outbox, peer.follow);
  Client a;
  const broker::ChannelName news("news");
  for (const char* value : {"1", "2", "1234567890123456789", "3", "4"}) {
    hub.OnPublication(news, Make(Json(value)));
    Turn();
  }
  EXPECT_EQ(Kinds(peer, a), "whole:1} delta:2} whole:9} whole:3} delta:4}");
  hub.Detach(peer.follow);
}

TEST_F(HubDeltaLimitsTest, WhereTheRoomForLastPublicationsIsUsedUpTheNextIsWhole) {
  metrics::Registry registry;
  HubMetrics metrics(registry);
  Hub hub(*loop_, metrics, {.delta_bases_bytes_max = 1000});
  Peer& peer = AddPeer();
  hub.Attach("news", kMapLines, *peer.outbox, peer.follow);
  Client a;
  const broker::ChannelName news("news");
  for (const char* value : {"1", "2", "3"}) {
    for (const char* key : {"a", "b", "c", "d", "e"}) hub.OnPublication(news, Make(Json(value), key));
    Turn();
  }
  std::size_t whole = 0;
  std::size_t deltas = 0;
  for (const auto& seen : a.ReadAll(peer.Read())) ++(seen.as_delta ? deltas : whole);
  EXPECT_GT(whole, 5u);
  EXPECT_GT(deltas, 0u);
  EXPECT_GT(metrics.delta_bases_refused.value(), 0u);
  EXPECT_LE(metrics.delta_base_bytes.value(), 1000);
  hub.Detach(peer.follow);
}

// Subscribers come, go, read or do not; publications are large and small, some not to be deltas, the stream
// is lost now and then. Some come with the last publication, some with an older one. Whatever happens, each
// can apply what it is sent, and that is what was published, in order and without a gap since it came.
class HubDeltasOfSeedTest : public HubDeltasTest, public ::testing::WithParamInterface<unsigned> {};

TEST_P(HubDeltasOfSeedTest, WhateverHappensEachGetsWhatWasPublished) {
  std::mt19937 random(GetParam());
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  struct One {
    Peer* peer;
    Client client;
    std::size_t next;  // of `published`
    bool reads = true;
  };
  std::vector<std::string> published;
  std::vector<std::unique_ptr<One>> ones;
  // Many who fall behind, or few, so that often nobody follows deltas.
  const bool crowded = GetParam() % 10 == 0;
  const std::size_t ones_max = crowded ? 12 : 2;
  const int steps = crowded ? 3000 : 1000;
  std::string text(crowded ? 3000 : 600, 'a');
  std::size_t seen_as_delta = 0;
  std::size_t seen_whole = 0;
  const auto read = [&](One& one) {
    for (std::string bytes = one.peer->Read(); !bytes.empty(); bytes = one.peer->Read()) {
      for (const Client::Seen& seen : one.client.ReadAll(std::move(bytes))) {
        ++(seen.as_delta ? seen_as_delta : seen_whole);
        ASSERT_LT(one.next, published.size());
        ASSERT_EQ(seen.data, published[one.next]) << "publication " << one.next;
        ++one.next;
      }
    }
  };
  for (int step = 0; step < steps; ++step) {
    switch (below(12)) {
      case 0:
      case 10:
      case 11:
        if (ones.size() < ones_max) {
          auto one = std::make_unique<One>();
          one->peer = &AddPeer(std::size_t{64} << 20);
          one->peer->follow.takes_gaps = true;
          one->next = published.size();
          broker::PublicationPtr has;
          if (!published.empty() && below(2) == 0) {
            has = Make(below(4) == 0 ? published.back() : published[below(published.size())]);
            one->client.has[""] = has->data;
          }
          hub_.Attach("news", kLines, *one->peer->outbox, one->peer->follow, {.has = has});
          ones.push_back(std::move(one));
        }
        break;
      case 1:
        if (!ones.empty() && below(ones_max) < 3) {
          const std::size_t i = below(ones.size());
          hub_.Detach(ones[i]->peer->follow);
          ones.erase(ones.begin() + static_cast<std::ptrdiff_t>(i));
        }
        break;
      case 2:
        if (!ones.empty()) ones[below(ones.size())]->reads = below(3) != 0;
        break;
      case 3:
        if (below(20) == 0) hub_.OnStreamLost(broker::ChannelName("news"));
        break;
      case 4:
      case 5:
        for (auto& one : ones) {
          if (one->reads) read(*one);
        }
        Turn();
        break;
      default: {
        text[below(text.size())] = static_cast<char>('a' + below(26));
        const std::string data = '"' + text.substr(below(4) == 0 ? below(text.size()) : 0) + '"';
        auto publication = std::make_shared<protocol::Publication>();
        publication->data = data;
        publication->send_delta = below(5) != 0;
        published.push_back(data);
        Send(publication);
      }
    }
    ASSERT_FALSE(HasFatalFailure());
  }
  for (int i = 0; i < 200; ++i) {
    for (auto& one : ones) read(*one);
    Turn();
  }
  for (auto& one : ones) EXPECT_EQ(one->next, published.size());
  EXPECT_GT(seen_as_delta, 20u);
  EXPECT_GT(seen_whole, 20u);
  EXPECT_EQ(hub_.segments().bytes_in_use(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, HubDeltasOfSeedTest, ::testing::Range(1u, 41u));

}  // namespace
}  // namespace tidemill::hub::testing
