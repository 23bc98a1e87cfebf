// Verdict: what a client asked for, or why it does not get it.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "realtime/protocol/codes.h"

namespace tidemill::session {

// An error reply, or the end of the connection.
class Refusal : public std::variant<protocol::ErrorCode, protocol::DisconnectCode> {
 public:
  using variant::variant;

  // With a text that is not one of ours: it lives as long as a copy of the refusal does.
  static Refusal Error(std::uint32_t code, std::string message, bool temporary) {
    Refusal refusal;
    refusal.text_ = std::make_shared<const std::string>(std::move(message));
    refusal.emplace<protocol::ErrorCode>(code, *refusal.text_, temporary);
    return refusal;
  }
  static Refusal Disconnect(std::uint32_t code, std::string reason) {
    Refusal refusal;
    refusal.text_ = std::make_shared<const std::string>(std::move(reason));
    refusal.emplace<protocol::DisconnectCode>(code, *refusal.text_);
    return refusal;
  }

 private:
  std::shared_ptr<const std::string> text_;  // null: the code's text is a constant
};

template <class T>
using Verdict = std::expected<T, Refusal>;

inline std::unexpected<Refusal> Refused(Refusal refusal) { return std::unexpected(std::move(refusal)); }

}  // namespace tidemill::session
