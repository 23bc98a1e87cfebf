#include "postgres/opening/testing/opening.h"

#include <optional>
#include <utility>

#include "postgres/protocol/backend.h"
#include "postgres/protocol/frontend.h"
#include "postgres/protocol/message_reader.h"
#include "postgres/protocol/wire.h"

namespace tidemill::postgres::testing {

Opening::~Opening() { net::testing::RunTurns(*loop_); }

std::unique_ptr<const SessionOpener> Opening::Opener(const std::string& url, Duration timeout) {
  auto address = Address::Parse(url, "", {.os_user = "nobody"});
  EXPECT_TRUE(address) << url << ": " << address.error().detail;
  auto opener = SessionOpener::Make({.address = *std::move(address), .connect_timeout = timeout});
  EXPECT_TRUE(opener) << url << ": " << opener.error().detail;
  return *std::move(opener);
}

sql::Result<OpenedSession> Opening::Open(const std::string& url, Duration timeout) {
  return Open(*Opener(url, timeout));
}

sql::Result<OpenedSession> Opening::Open(const SessionOpener& opener) {
  const auto open = [](const SessionOpener& with, net::Loop& loop,
                       net::StreamHandler& handler) -> Task<sql::Result<OpenedSession>> {
    auto session = co_await with.Open(loop, Purpose::kQueries);
    if (session) session->stream->SetHandler(&handler);
    co_return session;
  };
  return Run(open(opener, *loop_, handler_));
}

void Opening::Send(OpenedSession& session, const std::string& query) {
  handler_.received.clear();
  session.stream->SetHandler(&handler_);
  std::string bytes;
  AppendQuery(bytes, query);
  session.stream->Queue(bytes);
}

std::string Opening::Answer(OpenedSession& session) {
  std::string answer;
  MessageReader reader(Phase::kQuery, 1 << 20);
  bool has_row = false;
  std::string received;
  const bool done = net::testing::DriveUntil(*loop_, [&] {
    received += std::exchange(handler_.received, "");
    reader.Feed(received);
    for (;;) {
      const auto message = reader.Next();
      if (!message) return true;
      if (!*message) break;
      if ((*message)->type == 'E') answer = ParseServerMessage((*message)->body)->failure.code;
      if ((*message)->type == 'D' && !std::exchange(has_row, true)) {
        BodyReader body((*message)->body);
        if (body.Uint16() > 0) answer = body.Bytes(body.Uint32());
      }
      if ((*message)->type == 'Z') return true;
    }
    received.clear();
    return session.stream->closed();
  });
  EXPECT_TRUE(done) << "no answer";
  return answer;
}

std::string Opening::Ask(OpenedSession& session, const std::string& query) {
  Send(session, query);
  return Answer(session);
}

}  // namespace tidemill::postgres::testing
