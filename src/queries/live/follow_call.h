// MakeFollowCall: a live query as a caller asks for it, by a channel's name or a URL, from that to a
// question.
//
// A function; the loop whose endpoint it is.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "queries/endpoint/identity.h"
#include "queries/endpoint/served_endpoint.h"
#include "queries/endpoint/settings.h"
#include "queries/live/follow.h"
#include "queries/live/name.h"
#include "queries/values/refusal.h"
#include "sql/database.h"

namespace tidemill::queries::live {

// All that is borrowed need only outlive the call.
struct Asking {
  const Name& name;
  std::shared_ptr<const ServedEndpoint> served;
  std::span<const std::string> path_names;    // of the parameters in the path
  std::vector<std::string_view> path_values;  // not decoded
  const Identity& identity;                   // may call it; of nobody where everybody may
  std::string starter;                        // as of FollowCall
  std::int64_t issued_at = 0;                 //
  std::int64_t good_until = 0;                //
};

// As a request of GET is read; `channel` is left to the caller. The refusal says which parameter is wrong.
std::expected<FollowCall, Refusal> MakeFollowCall(Asking asking, const QueriesSettings& settings,
                                                  sql::Dialect dialect);

}  // namespace tidemill::queries::live
