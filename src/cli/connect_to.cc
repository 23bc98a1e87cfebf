#include "cli/connect_to.h"

#include <utility>

#include "net/async.h"
#include "net/connect.h"
#include "net/tls.h"
#include "net/until.h"

namespace tidemill::cli {

Task<Result<std::unique_ptr<net::Stream>>> ConnectTo(net::Loop& loop, Endpoint endpoint, Duration wait) {
  const MonotonicTime deadline = loop.clock().Now() + wait;
  net::ConnectOptions connect{.server_name = endpoint.host};
  if (endpoint.tls) {
    TM_CO_TRY_ASSIGN(connect.tls, net::OpenClientTls(""));
  }
  TM_CO_TRY_ASSIGN(auto addresses,
                   co_await net::Until(loop, deadline, net::Resolve(loop, endpoint.host, endpoint.port)));
  co_return co_await net::ConnectToAny(loop, std::move(addresses), deadline, std::move(connect));
}

}  // namespace tidemill::cli
