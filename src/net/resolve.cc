#include "net/resolve.h"

#include <netdb.h>
#include <sys/socket.h>
#include <uv.h>

#include <cstring>
#include <utility>

#include "net/reply.h"
#include "net/socket.h"

namespace tidemill::net {
namespace {

using Addresses = Result<std::vector<SocketAddress>>;

// Belongs to libuv until its callback, whether or not the reply is still waited for.
struct ResolveRequest {
  uv_getaddrinfo_t request;
  Reply<Addresses>::Sender sender;
  std::string host;
};

std::unexpected<Error> FailResolve(const std::string& host, int status) {
  const bool absent = status == UV_EAI_NONAME || status == UV_EAI_NODATA;
  return Fail(absent ? Errc::kNotFound : Errc::kUnavailable, "resolve " + host + ": " + uv_strerror(status));
}

Addresses Collect(const ResolveRequest& request, int status, const addrinfo* list) {
  if (status != 0) return FailResolve(request.host, status);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    sockaddr_storage storage{};
    std::memcpy(&storage, entry->ai_addr, entry->ai_addrlen);
    addresses.push_back(FromSockaddr(storage));
  }
  if (addresses.empty()) return FailResolve(request.host, UV_EAI_NODATA);
  return addresses;
}

void OnResolved(uv_getaddrinfo_t* handle, int status, addrinfo* list) {
  const std::unique_ptr<ResolveRequest> request(static_cast<ResolveRequest*>(handle->data));
  Addresses addresses = Collect(*request, status, list);
  uv_freeaddrinfo(list);
  request->sender.Send(std::move(addresses));
}

}  // namespace

Task<Result<std::vector<SocketAddress>>> Resolve(Loop& loop, std::string host, std::uint16_t port) {
  if (const auto literal = IpAddress::Parse(host)) {
    co_return std::vector<SocketAddress>{{.ip = *literal, .port = port}};
  }
  Reply<Addresses> reply(loop);
  auto request = std::unique_ptr<ResolveRequest>(new ResolveRequest{{}, reply.sender(), host});
  request->request.data = request.get();
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  const int error = uv_getaddrinfo(loop.uv(), &request->request, OnResolved, request->host.c_str(),
                                   std::to_string(port).c_str(), &hints);
  if (error != 0) co_return FailResolve(host, error);
  request.release();
  co_return co_await reply;
}

}  // namespace tidemill::net
