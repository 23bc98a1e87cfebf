#include "postgres/protocol/message_reader.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "postgres/protocol/wire.h"

namespace tidemill::postgres {
namespace {

constexpr std::size_t kHeaderBytes = 5;
constexpr std::size_t kKeptCapacity = 64 * 1024;

std::string Quoted(char type) {
  if (type >= ' ' && type <= '~') return std::string("'") + type + "'";
  return std::to_string(static_cast<unsigned char>(type));
}

}  // namespace

struct MessageReader::Limit {
  std::uint32_t body_min = 0;
  std::uint32_t body_max = 0;
  bool may_skip = false;
  bool known = true;
};

MessageReader::Limit MessageReader::LimitOf(Phase phase, std::uint32_t row_bytes_max, char type) {
  constexpr std::uint32_t kText = 256u << 10;
  if (phase == Phase::kLogin) {
    switch (type) {
      case 'R': return {4, 32u << 10};
      case 'K': return {8, 1024};
      case 'v': return {8, 32u << 10};
      case 'S': return {2, 32u << 10};
      case 'E':
      case 'N': return {1, 32u << 10};
      case 'Z': return {1, 1};
      default: return {.known = false};
    }
  }
  switch (type) {
    case 'D': return {2, row_bytes_max, true};
    case 'd': return {0, row_bytes_max, true};
    case 'E':
    case 'N': return {1, kText, true};
    case 'A': return {6, kText, true};
    case 'T': return {2, 2u << 20};  // 1664 columns at most
    case 't': return {2, 512u << 10};
    case 'G':
    case 'H':
    case 'W': return {3, 64u << 10};
    case 'S': return {2, 64u << 10};
    case 'C': return {1, 1024};
    case 'Z': return {1, 1};
    case '1':
    case '2':
    case '3':
    case 'n':
    case 's':
    case 'I':
    case 'c': return {0, 0};
    default: return {.known = false};
  }
}

void MessageReader::Feed(std::string_view bytes) {
  TM_ASSERT(input_.empty());
  input_ = bytes;
}

// Whether the message may be collected; false: it is over its limit and passed over.
Result<bool> MessageReader::ReadHeader(std::string_view from) {
  type_ = from[0];
  const std::uint32_t length = GetUint32(from.data() + 1);
  const Limit limit = LimitOf(phase_, row_bytes_max_, type_);
  if (!limit.known) {
    return Fail(Errc::kInvalidArgument, "a message of type " + Quoted(type_) + " where none may come");
  }
  if (length < 4 || length > 0x7fffffff || length - 4 < limit.body_min) {
    return Fail(Errc::kInvalidArgument,
                "a message of type " + Quoted(type_) + " with the length " + std::to_string(length));
  }
  body_bytes_ = length - 4;
  if (body_bytes_ <= limit.body_max) return true;
  if (limit.may_skip) return false;
  return Fail(Errc::kInvalidArgument,
              "a message of type " + Quoted(type_) + " with " + std::to_string(body_bytes_) + " bytes");
}

// Whether collected_ has `wanted` bytes now.
bool MessageReader::Collect(std::size_t wanted) {
  const std::size_t missing = wanted - std::min(wanted, collected_.size());
  const std::size_t taken = std::min(missing, input_.size());
  collected_.append(input_.substr(0, taken));
  input_.remove_prefix(taken);
  return taken == missing;
}

std::optional<Message> MessageReader::PassOver() {
  const auto here = static_cast<std::uint32_t>(std::min<std::size_t>(to_skip_, input_.size()));
  input_.remove_prefix(here);
  to_skip_ -= here;
  if (to_skip_ > 0) return std::nullopt;
  return Message{.type = type_, .body = {}, .skipped_bytes = body_bytes_};
}

Result<std::optional<Message>> MessageReader::Next() {
  if (to_skip_ > 0) return PassOver();
  if (std::exchange(given_, false)) {
    collected_.clear();
    if (collected_.capacity() > kKeptCapacity) collected_ = {};
  }
  if (const auto whole = TakeWhole()) return whole;
  if (!Collect(kHeaderBytes)) return std::nullopt;
  TM_TRY_ASSIGN(const bool fits, ReadHeader(collected_));
  if (!fits) {
    collected_.clear();
    to_skip_ = body_bytes_;
    return PassOver();
  }
  if (!Collect(kHeaderBytes + body_bytes_)) return std::nullopt;
  given_ = true;
  return Message{.type = type_, .body = std::string_view(collected_).substr(kHeaderBytes)};
}

std::optional<Message> MessageReader::TakeWhole() {
  if (to_skip_ > 0 || !collected_.empty() || input_.size() < kHeaderBytes) return std::nullopt;
  const char type = input_.front();
  const std::uint32_t body_bytes = GetUint32(input_.data() + 1) - 4;  // of a length below 4: too many
  const Limit limit = LimitOf(phase_, row_bytes_max_, type);
  if (!limit.known || body_bytes < limit.body_min || body_bytes > limit.body_max) return std::nullopt;
  if (body_bytes > input_.size() - kHeaderBytes) return std::nullopt;
  const Message message{.type = type, .body = {input_.data() + kHeaderBytes, body_bytes}};
  input_.remove_prefix(kHeaderBytes + body_bytes);
  return message;
}

std::string_view MessageReader::TakeRest() { return std::exchange(input_, {}); }

}  // namespace tidemill::postgres
