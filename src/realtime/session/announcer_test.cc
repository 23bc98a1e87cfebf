#include "realtime/session/announcer.h"

#include <gtest/gtest.h>

#include <string>

#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

class AnnouncerTest : public SessionTest {
 protected:
  AnnouncerTest() : announcer_(bench_.broker(), bench_.broker(), bench_.maps(), metrics(), scope_, 4) {}

  SessionMetrics& metrics() { return bench_.context().metrics; }
  // One client's farewell: a leave message and the removal from presence.
  void Leave(const std::string& client) {
    announcer_.RemovePresence(broker::ChannelName("room:a"), client);
    announcer_.Left(broker::ChannelName("room:a"), {.user = "u", .client = client});
  }

  Announcer announcer_;
  TaskScope scope_;
};

TEST_F(AnnouncerTest, CountsWhatIsUnderWay) {
  bench_.broker().Pause();
  Leave("a");
  announcer_.Joined(broker::ChannelName("room:a"), {.user = "u", .client = "b"});
  EXPECT_EQ(metrics().tasks.value(), 3);

  bench_.broker().Resume();
  bench_.Turn();
  EXPECT_EQ(metrics().tasks.value(), 0);
  EXPECT_EQ(metrics().tasks_refused.value(), 0u);
}

TEST_F(AnnouncerTest, ABrokerThatNeverAnswersHoldsNoMoreThanTheLimit) {
  bench_.broker().Pause();
  for (int i = 0; i < 100; ++i) Leave("c" + std::to_string(i));
  EXPECT_EQ(metrics().tasks.value(), 4);
  EXPECT_EQ(scope_.running(), 4u);
  EXPECT_EQ(metrics().tasks_refused.value(), 196u);
  // Leave messages over the limit are dropped; the removals were begun, so that the store forgets the client.
  EXPECT_EQ(bench_.broker().asked(), 2u + 100u);

  bench_.broker().Resume();
  bench_.Turn();
  EXPECT_EQ(metrics().tasks.value(), 0);
  Leave("later");
  EXPECT_EQ(metrics().tasks_refused.value(), 196u) << "there is room again";
}

}  // namespace
}  // namespace tidemill::session
