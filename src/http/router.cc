#include <utility>

#include "http/server.h"

namespace tidemill::http {
namespace {

std::string_view NameOf(Method method) {
  switch (method) {
    case Method::kGet: return "GET, HEAD";
    case Method::kHead: return "HEAD";
    case Method::kPost: return "POST";
    case Method::kPut: return "PUT";
    case Method::kDelete: return "DELETE";
    case Method::kPatch: return "PATCH";
    case Method::kOptions:
    case Method::kOther: return "";
  }
  return "";
}

}  // namespace

Router::Route& Router::At(std::string path) {
  const bool is_prefix = path.ends_with("/*");
  if (is_prefix) path.pop_back();
  const auto [found, inserted] = routes_.try_emplace(path);
  if (inserted) found->second.allow = "OPTIONS";
  if (inserted && is_prefix) prefixes_.emplace_back(path, &found->second);
  return found->second;
}

void Router::Add(Method method, std::string path, std::shared_ptr<Handler> handler) {
  Route& route = At(std::move(path));
  route.handlers.emplace_back(method, std::move(handler));
  route.allow = std::string(NameOf(method)) + ", " + route.allow;
}

void Router::AddUpgrade(std::string path, std::shared_ptr<UpgradeHandler> handler) {
  Route& route = At(std::move(path));
  route.upgrade = std::move(handler);
  route.allow = "GET, " + route.allow;
}

const Router::Route* Router::Find(std::string_view path) const {
  const auto found = routes_.find(path);
  if (found != routes_.end()) return &found->second;
  for (const auto& [prefix, route] : prefixes_) {
    if (path.starts_with(prefix)) return route;
  }
  return nullptr;
}

}  // namespace tidemill::http
