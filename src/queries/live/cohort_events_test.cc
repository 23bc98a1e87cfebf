#include "queries/live/cohort_events.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "net/testing/harness.h"

namespace tidemill::queries::live {
namespace {

class CohortEventsTest : public ::testing::Test {
 protected:
  // What a stream that has `has` is given; nullopt: it waits.
  std::optional<NextEvents> Next(const EventPosition& has) {
    replies_.push_back(std::make_unique<net::Reply<NextEvents>>(*loop_));
    events_.Next(has, window_, now_, replies_.back()->sender());
    return Given(*replies_.back());
  }
  std::optional<NextEvents> Given(net::Reply<NextEvents>& reply) {
    net::testing::RunTurns(*loop_);
    if (!reply.await_ready()) return std::nullopt;
    return reply.await_resume();
  }
  void Replace(std::vector<Row> rows) {
    events_.Add(events_.Encode(window_.Replace(std::move(rows)), {}), {});
  }
  EventPosition At(std::uint64_t version, std::int64_t stale_since = 0) const {
    return {.cohort = events_.id(), .version = version, .stale_since = stale_since, .has_result = true};
  }

  std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop();
  Window window_;
  CohortEvents events_;
  MonotonicTime now_{};
  std::vector<std::unique_ptr<net::Reply<NextEvents>>> replies_;
};

TEST_F(CohortEventsTest, FirstTheWholeResultThenEachChange) {
  Replace({{.key = "b", .data = R"({"id":"b"})"}, {.key = "a", .data = "{\n\"id\":\"a\"}"}});
  const auto whole = Next({});
  ASSERT_TRUE(whole && whole->events.size() == 1);
  EXPECT_EQ(whole->version, 1u);
  const std::string& text = *whole->events[0];
  EXPECT_TRUE(text.starts_with("event: result\nid: " + events_.id() + ".1\ndata: {\"rows\":[{\"key\":\"b\""));
  EXPECT_TRUE(text.ends_with("\n\n"));
  EXPECT_EQ(std::ranges::count(text, '\n'), 4) << "line breaks of a value would end the data";
  EXPECT_EQ(Next({})->events[0], whole->events[0]) << "encoded once";

  EXPECT_FALSE(Next(At(1)));
  Replace({{.key = "b", .data = R"({"id":"b","n":1})"}});
  const auto change = Given(*replies_.back());
  ASSERT_TRUE(change && change->events.size() == 1);
  EXPECT_TRUE(change->events[0]->contains(R"("row":{"id":"b","n":1}}],"removed":["a"]})"));
  EXPECT_EQ(Next(At(1))->events[0], change->events[0]) << "encoded once";
}

TEST_F(CohortEventsTest, WhoComesBackGetsWhatIsKeptOrTheWholeResult) {
  Replace({{.key = "k", .data = "0"}});
  ASSERT_TRUE(Next({}));
  for (std::size_t i = 1; i <= CohortEvents::kKeptMax + 5; ++i) {
    Replace({{.key = "k", .data = std::to_string(i)}});
  }
  const std::uint64_t last = CohortEvents::kKeptMax + 6;
  EXPECT_EQ(Next(At(last - 2))->events.size(), 2u);
  EXPECT_EQ(Next(At(last - CohortEvents::kKeptMax))->events.size(), CohortEvents::kKeptMax);
  for (const EventPosition& has :
       {At(1), At(last + 1), EventPosition{.cohort = "anotheronesx", .version = last, .has_result = true}}) {
    const auto next = Next(has);
    ASSERT_TRUE(next && next->events.size() == 1);
    EXPECT_TRUE(next->events[0]->starts_with("event: result"));
  }
  const std::string big(CohortEvents::kKeptBytesMax, 'x');
  Replace({{.key = "k", .data = '"' + big + '"'}});
  EXPECT_TRUE(Next(At(last))->events[0]->starts_with("event: result")) << "what is too large is not kept";
}

TEST_F(CohortEventsTest, WhatNobodyHasAskedForIsNotEncoded) {
  Replace({{.key = "a", .data = "1"}});
  Replace({{.key = "a", .data = "2"}});
  const auto whole = Next(At(1));
  ASSERT_TRUE(whole);
  EXPECT_TRUE(whole->events[0]->starts_with("event: result"));
  EXPECT_EQ(whole->version, 2u);
}

TEST_F(CohortEventsTest, WhoWaitsIsToldInTimeAndOfWhatIsStaleAndOfTheEnd) {
  ASSERT_TRUE(Next({}));
  EXPECT_FALSE(Next(At(0)));
  EXPECT_TRUE(events_.awaited());
  events_.OnTick(now_ + Milliseconds(CohortEvents::kPatience.ms - 1));
  EXPECT_FALSE(Given(*replies_.back()));
  events_.OnTick(now_ + CohortEvents::kPatience);
  EXPECT_TRUE(Given(*replies_.back())->events.empty());
  EXPECT_FALSE(events_.awaited());

  EXPECT_FALSE(Next(At(0)));
  events_.SetStaleSince(7);
  EXPECT_EQ(Given(*replies_.back())->stale_since, 7);
  EXPECT_EQ(Next(At(0))->stale_since, 7);
  EXPECT_FALSE(Next(At(0, 7)));
  events_.SetStaleSince(0);
  EXPECT_EQ(Given(*replies_.back())->stale_since, 0);

  EXPECT_FALSE(Next(At(0)));
  events_.End({NotFollowed::Why::kOldToken, "over"});
  EXPECT_EQ(Given(*replies_.back())->ended->text, "over");
}

TEST_F(CohortEventsTest, TransactionsAreToldWithTheRowsThatHaveThem) {
  Replace({{.key = "a", .data = "1"}});
  ASSERT_TRUE(Next({}));
  EXPECT_EQ(events_.Encode({}, {.settled = "7"}), nullptr) << "nobody waits for these";
  const SeenWrites told{.settled = "7", .later = {"9", "12"}, .own = true};
  events_.Add(events_.Encode({}, told), told);
  const std::string named = R"("txid":"7","txids":["9","12"]})";
  EXPECT_TRUE(Next(At(1))->events[0]->contains(R"("rows":[],"removed":[],)" + named));
  EXPECT_TRUE(Next({})->events[0]->contains(named));
}

TEST(EventPosition, IsReadFromAnId) {
  const auto position = EventPosition::Parse("abcdefghijkl.17");
  ASSERT_TRUE(position);
  EXPECT_EQ(position->cohort, "abcdefghijkl");
  EXPECT_EQ(position->version, 17u);
  EXPECT_TRUE(position->has_result);
  for (const char* wrong : {"", "17", "abc.17", "abcdefghijkl.", "abcdefghijkl.-1", "abcdefghijkl.1x",
                            "abcdefghijkl.99999999999999999999"}) {
    EXPECT_FALSE(EventPosition::Parse(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace tidemill::queries::live
