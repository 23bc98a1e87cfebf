// LiveAuthority: who may subscribe to the channels of live queries: whoever may call the endpoint that the
// name stands for, with the parameters in it, as the user in it. Then it has the query begun.
//
// The caller's claims are those of the subscription's token, which is one as clients connect with; without
// one it has the claim sub alone, the connection's user. One per loop, loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/token.h"
#include "net/loop.h"
#include "queries/endpoint/queries.h"
#include "queries/endpoint/settings.h"
#include "queries/live/live_queries.h"
#include "queries/live/name.h"
#include "realtime/session/authority.h"

namespace tidemill::queries::live {

class LiveAuthority final : public session::Authority {
 public:
  struct Surroundings {
    net::Loop& loop;
    LiveQueries& live;
    // What GET gets at that path now, on this loop.
    std::function<FoundEndpoint(std::string_view path)> find;
    QueriesSettings queries;
    std::string name_space;
    sql::Dialect dialect = sql::Dialect::kSqlite;
    bool developer = false;  // clients are told all that the database says
    std::string off;         // why nothing can be followed; "": it can
  };
  // All that is borrowed outlives it.
  explicit LiveAuthority(Surroundings surroundings) : at_(std::move(surroundings)) {}

  Task<session::Verdict<session::SubscribeTerms>> Authorize(session::SubscribeCall call) override;

 private:
  struct Claims {
    std::string json;
    std::int64_t good_until = 0;
    std::optional<auth::TokenMark> token;  // that they are of; nullopt: they are the connection's
  };
  Task<session::Verdict<Claims>> ClaimsFor(session::SubscribeCall call);
  session::Verdict<FollowCall> Read(session::SubscribeCall call, const Name& name,
                                    const Claims& claims) const;

  const Surroundings at_;
};

}  // namespace tidemill::queries::live
