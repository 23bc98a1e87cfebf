#include "realtime/protocol/codes.h"

#include <gtest/gtest.h>

#include <set>

namespace tidemill::protocol {
namespace {

TEST(ErrorCodes, AreAllThereOnceWithinTheProtocolsRange) {
  std::set<std::uint32_t> seen;
  std::set<std::uint32_t> temporary;
  for (const ErrorCode& error : AllErrorCodes()) {
    SCOPED_TRACE(error.code);
    EXPECT_TRUE(seen.insert(error.code).second);
    EXPECT_FALSE(error.message.empty());
    if (error.temporary) temporary.insert(error.code);
  }
  EXPECT_EQ(seen.size(), 14u);
  EXPECT_EQ(*seen.begin(), 100u);
  EXPECT_EQ(*seen.rbegin(), 113u);
  EXPECT_EQ(temporary, (std::set<std::uint32_t>{100, 111, 113}));
}

// Without a reason SDKs ignore the code; a WebSocket close frame has room for 123 bytes of it.
TEST(DisconnectCodes, HaveAReasonThatFitsACloseFrame) {
  std::set<std::uint32_t> seen;
  for (const DisconnectCode& disconnect : AllDisconnectCodes()) {
    SCOPED_TRACE(disconnect.code);
    EXPECT_TRUE(seen.insert(disconnect.code).second);
    EXPECT_FALSE(disconnect.reason.empty());
    EXPECT_LE(disconnect.reason.size(), 123u);
  }
  EXPECT_EQ(seen,
            (std::set<std::uint32_t>{3000, 3001, 3004, 3005, 3006, 3008, 3009, 3010, 3011, 3012, 3013,
                                     3014, 3500, 3501, 3502, 3503, 3504, 3505, 3506, 3507, 3508, 3509}));
}

TEST(UnsubscribeCodes, TellTheClientWhetherToComeBack) {
  std::set<std::uint32_t> seen;
  for (const UnsubscribeCode& unsubscribe : AllUnsubscribeCodes()) {
    EXPECT_FALSE(unsubscribe.reason.empty());
    seen.insert(unsubscribe.code);
  }
  EXPECT_EQ(seen, (std::set<std::uint32_t>{2000, 2500, 2501, 2502}));
}

}  // namespace
}  // namespace tidemill::protocol
