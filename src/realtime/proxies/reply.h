// What the operator's service answers: {"result":{…}}, {"error":{…}} or {"disconnect":{…}}. Fields and their
// names are those of Centrifugo's proxies; others are skipped.
//
// A name may be in any case, as there. null is the same as absent, but for payloads, where it is a JSON value
// like another. Pure functions over values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "realtime/proxies/transforms.h"
#include "realtime/session/backend.h"

namespace tidemill::proxies {

// A payload of the service: raw bytes.
struct Payload {
  std::string bytes;
  bool is_json = false;
  friend bool operator==(const Payload&, const Payload&) = default;
};

struct RpcTerms {
  std::optional<Payload> data;
};

// One of the three; none is a result that says nothing.
template <class Terms>
struct Reply {
  std::optional<Terms> result;
  std::optional<Refusing> refusing;
};

// Each: kInvalidArgument says what is wrong, and nothing of the answer.
Result<Reply<session::ConnectTerms>> ReadConnectReply(std::string_view text);
Result<Reply<session::SubscribeTerms>> ReadSubscribeReply(std::string_view text);
Result<Reply<session::PublishTerms>> ReadPublishReply(std::string_view text);
Result<Reply<session::KeyTerms>> ReadKeyReply(std::string_view text);
Result<Reply<RpcTerms>> ReadRpcReply(std::string_view text);
Result<Reply<session::RefreshTerms>> ReadRefreshReply(std::string_view text);

}  // namespace tidemill::proxies
