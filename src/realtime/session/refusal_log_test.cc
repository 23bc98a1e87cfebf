#include "realtime/session/refusal_log.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace tidemill::session {
namespace {

TEST(RefusalReason, EachHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kRefusalReasons; ++i) {
    EXPECT_TRUE(names.insert(NameOf(static_cast<RefusalReason>(i))).second);
  }
  EXPECT_EQ(NameOf(RefusalReason::kUnavailable), "unavailable");
}

// What is not listed here is no refusal: an order of the server, or what a client may try as often as it
// likes.
TEST(ReasonOf, EveryCodeThatIsTheClientsOrTheOperatorsAffairHasOne) {
  const std::set<std::uint32_t> none = {
      protocol::kErrorAlreadySubscribed.code,     protocol::kErrorUnrecoverablePosition.code,
      protocol::kErrorConcurrentPagination.code,  protocol::kDisconnectConnectionClosed.code,
      protocol::kDisconnectShutdown.code,         protocol::kDisconnectServerError.code,
      protocol::kDisconnectWriteError.code,       protocol::kDisconnectInsufficientState.code,
      protocol::kDisconnectForceReconnect.code,   protocol::kDisconnectNoPong.code,
      protocol::kDisconnectStateInvalidated.code, protocol::kDisconnectForceNoReconnect.code,
      protocol::kDisconnectTooManyErrors.code};
  for (const protocol::ErrorCode& error : protocol::AllErrorCodes()) {
    EXPECT_EQ(ReasonOf(error).has_value(), !none.contains(error.code)) << error.code;
  }
  for (const protocol::DisconnectCode& disconnect : protocol::AllDisconnectCodes()) {
    EXPECT_EQ(ReasonOf(disconnect).has_value(), !none.contains(disconnect.code)) << disconnect.code;
  }
  EXPECT_EQ(ReasonOf(protocol::kDisconnectInvalidToken), RefusalReason::kToken);
  EXPECT_EQ(ReasonOf(protocol::kErrorRedisAway), RefusalReason::kUnavailable);
}

}  // namespace
}  // namespace tidemill::session
