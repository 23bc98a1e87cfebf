// What the operator's service answers: {"result":{…}}, {"error":{…}} or {"disconnect":{…}}. Fields and their
// names are those of Centrifugo's proxies; others are skipped.
//
// A name may be in any case, as there. null is the same as absent, but for payloads, where it is a JSON value
// like another. Pure functions over values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "realtime/polls/source.h"
#include "realtime/proxies/transforms.h"
#include "realtime/session/backend.h"

namespace tidemill::proxies {

struct RpcTerms {
  std::string data;  // raw bytes
};

// One of the three; none is a result that says nothing.
template <class Terms>
struct Reply {
  std::optional<Terms> result;
  std::optional<Refusing> refusing;
};

// Of ConnectTerms, SubscribeTerms, PublishTerms, KeyTerms, RefreshTerms (session/backend.h), polls::Answer
// and RpcTerms. kInvalidArgument says what is wrong, and nothing of the answer.
template <class Terms>
Result<Reply<Terms>> ReadReply(std::string_view text);

}  // namespace tidemill::proxies
