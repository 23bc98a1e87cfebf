#include "http/client.h"

#include <utility>

#include "http/client_connection.h"

namespace tidemill::http {

Task<Result<ClientResponse>> Fetch(net::Loop& loop, std::shared_ptr<net::TlsContext> tls,
                                   ClientRequest request) {
  TM_CO_TRY(CheckRequest(request, tls));
  const MonotonicTime deadline = loop.clock().Now() + request.timeout;
  TM_CO_TRY_ASSIGN(auto connection, co_await ConnectFor(loop, std::move(tls), request, deadline));
  co_return co_await connection->Ask(RequestText(request, AfterResponse::kClose), ParserFor(request),
                                     deadline);
}

}  // namespace tidemill::http
