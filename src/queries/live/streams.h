// LiveStreams: a live endpoint's URL as an event stream (WHATWG HTML, section 9.2): first the whole result,
// then what has changed.
//
//   event: result   data: {"rows":[{"key":…,"order":…,"row":{…}},…]}   all there is, in its order
//   event: change   data: {"rows":[…],"removed":["1",…]}               the higher the order, the further up
//   event: stale    data: {"since":1732780800000}                      what may have changed is not known now
//   event: fresh    data: {}                                           it is again
//   event: end      data: {"code":"token_expired","message":"…"}       nothing more comes
//
// A stream is one more subscriber of the cohort whose channel has that name, by the same rules. Whoever comes
// back with Last-Event-ID gets what has changed since, or the whole result. One per loop, loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "auth/authenticator.h"
#include "net/loop.h"
#include "queries/endpoint/result_streams.h"
#include "queries/endpoint/settings.h"
#include "queries/live/live_queries.h"
#include "queries/live/stream_limits.h"

namespace tidemill::queries::live {

class LiveStreams final : public ResultStreams {
 public:
  struct Surroundings {
    net::Loop& loop;
    LiveQueries& live;
    StreamLimits& limits;
    // Blocked, or their token was revoked, by now.
    std::function<bool(const auth::Caller&)> is_revoked;
    QueriesSettings queries;
    std::string name_space;
    sql::Dialect dialect = sql::Dialect::kSqlite;
    bool developer = false;  // clients are told all that the database says
    std::string off;         // why nothing can be followed; "": it can
  };
  // All that is borrowed outlives it, and it the streams.
  explicit LiveStreams(Surroundings surroundings) : at_(std::move(surroundings)) {}

  Task<http::Response> Open(const http::Request& request, std::shared_ptr<const ServedEndpoint> served,
                            Identity identity) override;

 private:
  const Surroundings at_;
};

}  // namespace tidemill::queries::live
