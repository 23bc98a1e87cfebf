#include "postgres/opening/conversation.h"

#include <utility>

namespace tidemill::postgres {
namespace {

// Of an answer to a question of ours.
constexpr std::uint32_t kRowBytesMax = 1024;
// What a server may say while we compute.
constexpr std::size_t kUnreadMessagesMax = 500;
constexpr std::size_t kUnreadBytesMax = 256 * 1024;

}  // namespace

Conversation::Conversation(std::unique_ptr<net::Stream> stream)
    : stream_(std::move(stream)), reader_(Phase::kLogin, kRowBytesMax) {
  stream_->SetHandler(this);
}

Conversation::~Conversation() {
  if (!stream_) return;
  net::Loop& loop = stream_->loop();
  loop.Retire(std::move(stream_));
}

sql::Result<std::unique_ptr<net::Stream>> Conversation::TakeStream() {
  if (!received_.empty()) Break("more than what was asked for");
  if (ended_) return std::unexpected(*ended_);
  stream_->SetHandler(nullptr);
  return std::move(stream_);
}

void Conversation::OnData(std::string_view bytes) {
  if (ended_) return;
  reader_.Feed(bytes);
  Read();
  Resume();
}

// Up to ReadyForQuery, behind which there is nothing for us: it goes back, to whoever comes then.
void Conversation::Read() {
  while (!ended_) {
    auto message = reader_.Next();
    if (!message) return Break(message.error().detail);
    if (!*message) return;
    received_bytes_ += (*message)->body.size();
    if (received_.size() >= kUnreadMessagesMax || received_bytes_ > kUnreadBytesMax) {
      return Break("too much at once");
    }
    received_.push_back({(*message)->type, std::string((*message)->body)});
    if ((*message)->type != 'Z') continue;
    if (const std::string_view rest = reader_.TakeRest(); !rest.empty()) stream_->GiveBack(rest);
    return;
  }
}

void Conversation::Break(std::string why) {
  ended_ = {.kind = sql::FailureKind::kUnavailable,
            .message = "not PostgreSQL's protocol: " + std::move(why)};
  stream_->Close();
}

void Conversation::OnClosed() {
  if (!ended_) {
    ended_ = {.kind = sql::FailureKind::kUnavailable, .message = "the server closed the connection"};
  }
  Resume();
}

sql::Result<Conversation::Received> Conversation::TakeNext() {
  if (received_.empty()) return std::unexpected(*ended_);
  Received received = std::move(received_.front());
  received_.pop_front();
  received_bytes_ -= received.body.size();
  return received;
}

// The last thing that is done: whoever waits may destroy this.
void Conversation::Resume() {
  if (awaiter_ && HasNext()) std::exchange(awaiter_, nullptr).resume();
}

}  // namespace tidemill::postgres
