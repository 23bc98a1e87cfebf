#include "realtime/session/connect_status.h"

#include <charconv>

namespace tidemill::session {
namespace {

// Takes a number and the blank behind it.
template <class T>
bool TakeNumber(std::string_view& text, T& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.empty()) return true;
  if (text.front() != ' ') return false;
  text.remove_prefix(1);
  return true;
}

int UsualStatus(std::uint32_t code) {
  switch (code) {
    case protocol::kErrorUnauthorized.code:
    case protocol::kErrorTokenExpired.code:
    case protocol::kErrorExpired.code:
    case protocol::kDisconnectExpired.code:
    case protocol::kDisconnectInvalidToken.code: return 401;
    case protocol::kErrorPermissionDenied.code:
    case protocol::kDisconnectPermissionDenied.code: return 403;
    case protocol::kErrorBadRequest.code:
    case protocol::kErrorUnknownChannel.code:
    case protocol::kDisconnectBadRequest.code: return 400;
    case protocol::kErrorLimitExceeded.code:
    case protocol::kErrorTooManyRequests.code:
    case protocol::kDisconnectTooManyRequests.code:
    case protocol::kDisconnectConnectionLimit.code:
    case protocol::kDisconnectChannelLimit.code: return 429;
    case protocol::kErrorInternal.code:
    case protocol::kDisconnectShutdown.code: return 503;
    default: return 500;
  }
}

}  // namespace

Result<ConnectStatus> ParseConnectStatus(std::string_view text) {
  ConnectStatus parsed;
  std::string_view rest = text;
  if (!TakeNumber(rest, parsed.code) || !TakeNumber(rest, parsed.status)) {
    return Fail(Errc::kInvalidArgument, "\"" + std::string(text) +
                                            "\" is not \"CODE STATUS BODY\", such as "
                                            "\"3500 401 log in again\"");
  }
  if (parsed.status < 400 || parsed.status > 599) {
    return Fail(Errc::kInvalidArgument, "\"" + std::string(text) + "\": the status is 400 to 599");
  }
  parsed.body = rest;
  return parsed;
}

ConnectStatus ConnectStatusOf(std::uint32_t code, std::string_view reason,
                              std::span<const std::string> texts) {
  ConnectStatus answer{.code = code, .status = UsualStatus(code)};
  for (const std::string& text : texts) {
    auto parsed = ParseConnectStatus(text);
    if (!parsed || parsed->code != code) continue;
    answer = *std::move(parsed);
    break;
  }
  if (answer.body.empty()) answer.body = reason;
  return answer;
}

protocol::DisconnectCode DisconnectInPlaceOf(const protocol::ErrorCode& error) {
  switch (error.code) {
    case protocol::kErrorTokenExpired.code:
    case protocol::kErrorExpired.code: return protocol::kDisconnectExpired;
    case protocol::kErrorTooManyRequests.code: return protocol::kDisconnectTooManyRequests;
    case protocol::kErrorPermissionDenied.code: return protocol::kDisconnectPermissionDenied;
    default: return protocol::kDisconnectServerError;
  }
}

}  // namespace tidemill::session
